#include "tests/sim/world/attaching.hpp"

#include <algorithm>
#include <array>

#include "shared/attachment/chunks.hpp"
#include "shared/authority/authority_state.hpp"
#include "shared/model/attachment.hpp"

namespace wasl::sim {
namespace {

constexpr double kAttachments = 0.06;  // of one, beside each piece of work
constexpr double kTroubles = 0.04;
constexpr std::size_t kPart = 64;  // bytes that stand together in a page of SQLite's, but for bad luck
const std::vector<Fault> kFileFaults = {Fault::office_chunk_flipped, Fault::hub_chunk_flipped,
                                        Fault::office_files_lost, Fault::hub_files_lost};
const std::string kRegister = "document";

/// As few calls as they come, a part at a time.
FileStore::Source source_of(const Bytes& bytes) {
  return [left = ByteView(bytes)](std::span<Byte> room) mutable -> Result<std::size_t> {
    const std::size_t count = std::min(room.size(), left.size());
    std::copy_n(left.begin(), count, room.begin());
    left = left.subspan(count);
    return count;
  };
}

}  // namespace

void Attaching::step() {
  if (!world_.faults.is_on(Fault::file_attached)) return;
  OfficeMachine& office = *world_.offices[dice_.below(world_.offices.size())];
  if (dice_.chance(0.02)) choose_policy(office);
  if (dice_.chance(kAttachments)) {
    const auto fault = world_.faults.choose(dice_, {Fault::file_attached});
    if (fault && (dice_.chance(0.2) ? share(office) : attach(office))) world_.faults.fired(*fault);
  }
  if (!dice_.chance(kTroubles)) return;
  const auto fault = world_.faults.choose(dice_, kFileFaults);
  if (fault && strike(*fault, office)) {
    world_.trace.note(office.setting().name, "files: " + std::string(to_word(*fault)));
    world_.faults.fired(*fault);
  }
}

/// None, less than a chunk, about one, and some; parts of them are in other files too.
Bytes Attaching::any_bytes() {
  constexpr std::array<std::size_t, 6> kSizes = {0,
                                                 100,
                                                 attachment::kChunkBytes - 1,
                                                 attachment::kChunkBytes,
                                                 attachment::kChunkBytes + 1,
                                                 3 * attachment::kChunkBytes};
  std::size_t size = kSizes[dice_.below(kSizes.size())];
  if (size > attachment::kChunkBytes + 1) size += dice_.below(4 * attachment::kChunkBytes);
  Bytes bytes(size);
  for (std::size_t at = 0; at < size; at += attachment::kChunkBytes) {
    const std::span<Byte> part = std::span(bytes).subspan(at, std::min(attachment::kChunkBytes, size - at));
    test::Dice shared(dice_.below(3));  // one of three that many have
    (dice_.chance(0.3) ? shared : dice_).fill(part);
  }
  return bytes;
}

bool Attaching::attach(OfficeMachine& office) {
  const std::array<std::string, 3> spaces = {"network", "public",
                                             "association/" + office.setting().organisation};
  const std::string space = spaces[dice_.below(spaces.size())];
  const std::string id = "file-" + std::to_string(++count_);
  const Bytes bytes = any_bytes();
  std::string value;
  const auto done = office.act([&](Replica&) -> Status {
    if (office.files() == nullptr) return fail(Errc::not_found, "no files here");
    WASL_LET(const Attachment file,
             office.files()->take_in(id + ".pdf", source_of(bytes), space, "application/pdf"));
    files_[{space, file.root, file.size}] = bytes;
    value = file.to_json();
    return {};
  });
  if (!done || !*done || value.empty()) return false;
  return office.tool("INSERT INTO " + kRegister + "(id,space,title,kind,file) VALUES('" + id + "','" + space +
                     "','" + world_.survivors.token() + "','report','" + value + "')");
}

/// A second record names a file that another has.
bool Attaching::share(OfficeMachine& office) {
  const auto rows = office.rows("SELECT space, file FROM " + kRegister +
                                " WHERE file IS NOT NULL AND id LIKE "
                                "'file-%' ORDER BY id, space LIMIT 20");
  if (rows.empty()) return false;
  const auto& row = rows[dice_.below(rows.size())];
  return office.tool("INSERT INTO " + kRegister + "(id,space,title,kind,file) VALUES('file-" +
                     std::to_string(++count_) + "','" + row[0] + "','again','report','" + row[1] + "')");
}

void Attaching::choose_policy(OfficeMachine& office) {
  constexpr std::array<FilePolicy::Kind, 3> kKinds = {FilePolicy::Kind::all, FilePolicy::Kind::up_to,
                                                      FilePolicy::Kind::on_demand};
  FilePolicy policy;
  policy.kind = kKinds[dice_.below(kKinds.size())];
  policy.up_to = 20'000;
  if (dice_.chance(0.2)) policy.quota = 40'000 + dice_.below(200'000);
  const auto set = office.act([&](Replica&) -> Status {
    return office.files() == nullptr ? Status() : office.files()->set_policy(policy);
  });
  static_cast<void>(set);  // one that did not run keeps what it had
}

/// Some bytes in the middle of a file.
Bytes Attaching::any_part() {
  std::vector<const Bytes*> all;
  for (const auto& [file, bytes] : files_) {
    if (bytes.size() > 2 * kPart) all.push_back(&bytes);
  }
  if (all.empty()) return {};
  const Bytes& bytes = *all[dice_.below(all.size())];
  return to_bytes(ByteView(bytes).subspan(dice_.below(bytes.size() - kPart), kPart));
}

bool Attaching::strike(Fault fault, OfficeMachine& office) {
  HubMachine& hub = world_.hub;
  switch (fault) {
    case Fault::office_chunk_flipped:
      if (!office.is_running()) return false;
      office.kill();
      office.start_after(1'000);
      return office.disk().flip_bit_in("files.db", any_part());
    case Fault::hub_chunk_flipped:
      if (!hub.is_up()) return false;
      hub.kill();
      hub.start_after(500);
      return hub.disk().flip_bit_in("files.db", any_part());
    case Fault::office_files_lost:
      if (!office.is_running()) return false;
      office.lose_files();
      return true;
    case Fault::hub_files_lost:
      if (!hub.is_up()) return false;
      hub.lose_files();
      return true;
    default:
      return false;
  }
}

/// Nothing: the office may not read it, or the hub cannot say.
std::optional<FilePort::Standing> Attaching::standing(OfficeMachine& office, const attachment::FileId& file) {
  const auto port = world_.hub.files()->port_for(office.replica()->device());
  const auto key = port->key(file.space);
  if (!key || !*key) return std::nullopt;
  const auto standing = port->standing(file);
  return standing ? std::optional(*standing) : std::nullopt;
}

std::string Attaching::why_not(OfficeMachine& office) {
  if (files_.empty() || office.files() == nullptr || world_.hub.files() == nullptr || office.revoked)
    return {};
  const auto shown = office.files()->shown();
  const auto policy = office.files()->policy();
  if (!shown || !policy) return "its files cannot be read";
  for (const ShownFile& one : *shown) {
    if (!files_.contains(one.file())) continue;
    const auto at_hub = standing(office, one.file());
    const auto here = office.files()->state(one);
    if (!at_hub || !here || !here->known.kept) continue;
    if (*at_hub == FilePort::Standing::lacking && here->known.whole)
      return "the hub lacks " + one.attachment.name + ", which is here";
    if (*at_hub == FilePort::Standing::whole && !here->known.whole && !policy->quota)
      return one.attachment.name + " is at the hub and not here";
  }
  return {};
}

std::size_t Attaching::read_all() {
  if (files_.empty() || world_.hub.files() == nullptr) return 0;
  std::size_t damaged = read_of_hub();
  for (const auto& office : world_.offices) {
    if (office->files() != nullptr && !office->revoked) damaged += read_of_office(*office);
  }
  return damaged;
}

bool Attaching::is_right(const std::string& who, const attachment::FileId& file,
                         const std::function<Status(const std::function<Status(ByteView)>&)>& read) {
  Bytes there;
  const Status done = read([&](ByteView bytes) {
    append(there, bytes);
    return Status();
  });
  const Bytes& wanted = files_.at(file);
  // What came before a missing part is right too.
  const bool begins = there.size() <= wanted.size() && std::equal(there.begin(), there.end(), wanted.begin());
  if (!begins || (done && there != wanted)) world_.trace.violation(who, "a file is not what was attached");
  return done.has_value();
}

std::size_t Attaching::read_of_office(OfficeMachine& office) {
  const auto shown = office.files()->shown();
  if (!shown) {
    world_.trace.violation(office.setting().name, "files: " + shown.error().message);
    return 0;
  }
  std::size_t damaged = 0;
  for (const ShownFile& one : *shown) {
    const auto state = office.files()->state(one);
    if (!files_.contains(one.file()) || !state || !state->known.whole) continue;
    const bool right = is_right(office.setting().name, one.file(),
                                [&](const auto& sink) { return office.files()->read_out(one.file(), sink); });
    const auto after = office.files()->state(one);
    if (!right && after && after->known.whole)
      world_.trace.violation(office.setting().name, one.attachment.name + " is said to be whole and is not");
    damaged += right ? 0 : 1;
  }
  return damaged;
}

std::size_t Attaching::read_of_hub() {
  Hub& hub = world_.hub.hub();
  auto store = FileStore::open(world_.hub.disk().folder() + "/files.db");
  if (!store) {
    world_.trace.violation("hub", "files.db: " + store.error().message);
    return 0;
  }
  std::size_t damaged = 0;
  for (const auto& one : files_) {
    const attachment::FileId& file = one.first;
    const auto blinding = hub.blinding_key(file.space);
    const auto known = store->find(file);
    if (!blinding || !known || !*known || !(*known)->whole) continue;
    const auto key = attachment::chunk_key(hub.network(), file.space, *blinding);
    const bool right =
        is_right("hub", file, [&](const auto& sink) { return store->write_out(file, key, sink); });
    const auto after = store->find(file);
    if (!right && after && *after && (*after)->whole)
      world_.trace.violation("hub", (*known)->name + " is said to be whole and is not");
    damaged += right ? 0 : 1;
  }
  return damaged;
}

}  // namespace wasl::sim
