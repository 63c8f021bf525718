#include "server/app/section.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "server/app/folder_store.hpp"
#include "server/store/sqlite_hub_store.hpp"
#include "shared/authority/invitation.hpp"
#include "shared/log/log.hpp"
#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kFilesEvery{2'000};  // cheap where nothing is new
constexpr Millis kRenewEvery = 60'000;
constexpr Millis kRenewMost = 3'600'000;  // a clock that is far ahead must not keep the line busy
constexpr int kSessionsToFill = 5;        // a cut, or frames that had to stand alone

Status write_upstream(const HubFolder& folder, const UpstreamFile& file) {
  const json document = {
      {"network", to_hex(file.network.view())}, {"log_key", to_hex(file.log_key.view())}, {"url", file.url}};
  return write_text(folder.upstream(), document.dump(2) + "\n", true);
}

/// The store and what is kept, without a hub: nothing may be mirrored yet.
struct Filling {
  SystemClock clock;
  crypto::SystemRandom random;
  std::unique_ptr<HubStore> store;
  std::optional<KeptWork> kept;
  std::optional<SectionStore> section;
  std::optional<crypto::KeyPair> device;
  std::optional<Mirror> mirror;
  UpstreamFile upstream;
  std::string url;

  Status open(const HubFolder& folder, const std::string& other_url) {
    WASL_LET(upstream, read_upstream(folder));
    url = other_url.empty() ? upstream.url : other_url;
    WASL_LET(device, read_unattended_key(folder.section_key(), crypto::KeyKind::device));
    if (!device) return fail(Errc::not_found, "keys/section.key is missing", "put it back");
    WASL_LET(store, open_hub_store(folder.database(), StoreUse::create));
    WASL_LET(kept, KeptWork::open(folder.kept()));
    kept->tell_time(clock);
    section.emplace(*store, *kept, upstream.network);
    mirror.emplace(
        Mirror::Ports{*store, *kept, *section, *device, clock, random, upstream.network, upstream.log_key});
    return mirror->start();
  }

  Upstream::Ended one_session(const crypto::KeyPair* invitation, std::optional<Segment> extra) {
    Loop loop;
    Upstream::Ended how;
    Upstream link(loop, *mirror, random, {url, false, invitation, std::move(extra), {}},
                  [&](const Upstream::Ended& ended) {
                    how = ended;
                    loop.stop();
                  });
    link.start();
    loop.run();
    return how;
  }

  Result<bool> is_filled() {
    WASL_LET(const std::string note, section->signed_note());
    return !note.empty();
  }

  Status fill() {
    std::optional<Error> last;
    for (int i = 0; i < kSessionsToFill; ++i) {
      last = one_session(nullptr, std::nullopt).error;
      WASL_LET(const bool filled, is_filled());
      if (filled) return {};
      if (last && last->code != Errc::later && last->code != Errc::no_link) break;
    }
    return tl::unexpected(
        last.value_or(Error{Errc::no_link, "the network's hub gave nothing to mirror", ""}));
  }

  Status enrol(const crypto::KeyPair& invitation) {
    const Upstream::Ended asked = one_session(&invitation, std::nullopt);
    if (mirror->is_enrolled()) return {};
    if (asked.error) return tl::unexpected(*asked.error);
    WASL_LET(Segment enrolment, mirror->make_enrolment(invitation));
    const Upstream::Ended enrolled = one_session(&invitation, std::move(enrolment));
    if (mirror->is_enrolled()) return {};
    if (enrolled.extra_verdict && enrolled.extra_verdict->outcome == Outcome::accepted) return {};
    if (enrolled.extra_verdict)
      return fail(
          Errc::unauthorised,
          "the network's hub did not enrol this one: " + std::string(explain(enrolled.extra_verdict->reason)),
          "ask the secretariat for a new invitation");
    if (enrolled.error) return tl::unexpected(*enrolled.error);
    return fail(Errc::no_link, "the network's hub did not say whether this one is enrolled",
                "run the same command again; nothing is lost");
  }
};

}  // namespace

Result<UpstreamFile> read_upstream(const HubFolder& folder) {
  const auto text = read_text(folder.upstream());
  if (!text) return fail(Errc::not_found, folder.path.string() + " is no section's hub");
  const json document = json::parse(*text, nullptr, false);
  const auto word = [&](const char* name) {
    return document.is_object() && document.contains(name) && document[name].is_string()
               ? document[name].get<std::string>()
               : std::string();
  };
  const auto network = from_hex(word("network"));
  const auto log_key = from_hex(word("log_key"));
  UpstreamFile out;
  const auto network_id = network ? NetworkId::from(*network) : std::nullopt;
  const auto key = log_key ? PublicKey::from(*log_key) : std::nullopt;
  out.url = word("url");
  if (!network_id || !key || !parse_url(out.url)) {
    return fail(Errc::corrupt, folder.upstream().string() + " is damaged",
                "make the folder anew with another invitation; nothing is lost");
  }
  out.network = *network_id;
  out.log_key = *key;
  return out;
}

Result<json> init_section(const HubFolder& folder, const std::string& text, const std::string& url) {
  WASL_LET(const Invitation invitation, decode_invitation(text));
  const std::string address = url.empty() ? invitation.url : url;
  WASL_TRY(parse_url(address));
  if (folder.is_section()) {
    WASL_LET(const UpstreamFile known, read_upstream(folder));
    if (known.network != invitation.network)
      return fail(Errc::conflict, "this folder mirrors another network", "choose another folder with --data");
  } else if (has_store(folder) || std::filesystem::exists(folder.first_statement())) {
    return fail(Errc::conflict, "this folder holds a network already", "choose another folder with --data");
  }
  std::error_code error;
  std::filesystem::create_directories(folder.keys(), error);
  if (!error) std::filesystem::permissions(folder.keys(), std::filesystem::perms::owner_all, error);
  if (error)
    return fail(Errc::storage_failed, "cannot make " + folder.keys().string() + ": " + error.message());
  WASL_TRY(sync_folder(folder.path));
  WASL_LET(const FolderLock lock, FolderLock::take(folder));
  if (!std::filesystem::exists(folder.section_key())) {
    crypto::SystemRandom random;
    WASL_TRY(crypto::write_key_file(
        folder.section_key(),
        crypto::KeyFile::plain(
            crypto::KeyKind::device, crypto::KeyPair::generate(random),
            "Key of a section's hub.\nIt names the hub to its offices. It signs no work; who "
            "has it can read what the hub may read.")));
  }
  WASL_TRY(write_upstream(folder, {invitation.network, invitation.log_key, address}));
  Filling filling;
  WASL_TRY(filling.open(folder, address));
  const crypto::KeyPair key = crypto::KeyPair::from_seed(invitation.seed);
  if (!filling.mirror->is_enrolled()) WASL_TRY(filling.enrol(key));
  WASL_TRY(filling.fill());
  json spaces = json::array();
  WASL_LET(const auto names, filling.store->space_names());
  for (const std::string& name : names) spaces.push_back(name);
  return json{{"section", invitation.organisation},
              {"upstream", address},
              {"data", folder.path.string()},
              {"device", to_hex(filling.device->public_key().view())},
              {"spaces", std::move(spaces)}};
}

Status fill_section(const HubFolder& folder, const std::string& url) {
  if (std::filesystem::exists(folder.outdated())) {
    remove_store(folder);
    WASL_TRY(remove_file(folder.outdated()));
  }
  Filling filling;
  WASL_TRY(filling.open(folder, url));
  WASL_LET(const bool filled, filling.is_filled());
  return filled ? Status() : filling.fill();
}

Mirroring::Mirroring(Loop& loop, OpenHub& open, HubFiles& files, std::function<void()> anew)
    : loop_(loop),
      open_(open),
      files_(files),
      anew_(std::move(anew)),
      mirror_(open.mirror_ports()),
      push_(loop),
      files_timer_(loop) {}

Mirroring::~Mirroring() {
  open_.tell_upstream(nullptr);
  open_.section()->on_kept({});
}

Status Mirroring::start(const std::string& url) {
  WASL_TRY(mirror_.start());
  WASL_LET(const UpstreamFile file, read_upstream(open_.folder()));
  upstream_.emplace(
      loop_, mirror_, random_,
      Upstream::Options{
          url.empty() ? file.url : url, true, nullptr, {}, [this] { return files_.port_above(); }},
      [this](const Upstream::Ended&) {
        if (!mirror_.must_begin_anew()) return;
        log::info("section.new_epoch");
        const Status noted = write_text(open_.folder().outdated(), "a new epoch has begun\n", true);
        if (!noted) log::error("section.outdated", {{"reason", noted.error().message}});
        anew_();
      });
  // Not from inside the commit that keeps it.
  open_.section()->on_kept([this] {
    if (!push_.armed()) push_.start(std::chrono::milliseconds(0), [this] { upstream_->push(); });
  });
  open_.tell_upstream(&*upstream_);
  mirror_.speak_of_files();
  upstream_->start();
  look_for_files();
  return {};
}

void Mirroring::look_for_files() {
  upstream_->look_for_files();
  if (steady_millis() >= renews_at_) {
    renews_at_ = steady_millis() + kRenewEvery;
    if (mirror_.retry_gaps()) upstream_->push();
    if (!mirror_.awaits_time()) {
      renew_wait_ = 0;
    } else if (steady_millis() >= renews_link_at_) {
      renew_wait_ = std::clamp(2 * renew_wait_, kRenewEvery, kRenewMost);
      renews_link_at_ = steady_millis() + renew_wait_;
      upstream_->renew();
    }
  }
  files_timer_.start(kFilesEvery, [this] { look_for_files(); });
}

}  // namespace wasl
