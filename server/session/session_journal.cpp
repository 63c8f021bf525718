#include "server/session/session_journal.hpp"

#include "shared/base/packed.hpp"

namespace wasl {
namespace {

constexpr std::size_t kWordBytes = 64;
constexpr std::size_t kReasonBytes = 400;  // a peer's words may be in it

std::string meta_key(const PublicKey& key) { return "journal " + to_hex(key.view()); }

Bytes encode(const DeviceJournal& one) {
  Writer out;
  for (const std::string* text : {&one.program, &one.session, &one.code, &one.reason}) out.sized(*text);
  for (const Millis time : {one.began, one.ended, one.failing_since, one.failed}) out.integer(time);
  out.varint(one.failures);
  return out.take();
}

std::optional<DeviceJournal> decode(ByteView bytes) {
  Reader in(bytes);
  DeviceJournal one;
  one.program = in.text(kWordBytes);
  one.session = in.text(kWordBytes);
  one.code = in.text(kWordBytes);
  one.reason = in.text(kReasonBytes);
  for (Millis* time : {&one.began, &one.ended, &one.failing_since, &one.failed}) *time = in.integer();
  one.failures = in.varint();
  return in.finished() ? std::optional(std::move(one)) : std::nullopt;
}

std::string shortened(std::string text) {
  if (!is_utf8(view(text))) return "its words cannot be read";
  if (text.size() <= kReasonBytes) return text;
  std::size_t end = kReasonBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // whole characters
  return text.substr(0, end);
}

}  // namespace

Result<std::optional<DeviceJournal>> SessionJournal::read(HubStore& store, const PublicKey& key) {
  WASL_LET(const auto bytes, store.meta(meta_key(key)));
  return bytes ? decode(*bytes) : std::nullopt;
}

DeviceJournal* SessionJournal::of(const PublicKey& key) {
  if (hub_.authority().device(key) == nullptr) return nullptr;
  const auto it = changed_.find(key);
  if (it != changed_.end()) return &it->second;
  const auto stored = read(hub_.store(), key);
  return &changed_.emplace(key, stored && *stored ? **stored : DeviceJournal()).first->second;
}

void SessionJournal::note_failure(DeviceJournal& one, const Error& error) {
  one.failed = hub_.hub_time();
  if (one.failing_since == 0) one.failing_since = one.failed;
  ++one.failures;
  one.code = to_word(error.code);
  one.reason = shortened(error.message);
}

Millis SessionJournal::last_seen(const PublicKey& key) {
  const auto note = hub_.store().device(key);
  return note && *note ? (*note)->last_seen : 0;
}

void SessionJournal::on_opened(const SessionName& session, const std::string& program) {
  DeviceJournal* one = of(session.key);
  if (one == nullptr) return;
  one->program = program;
  one->session = session.id;
  one->began = hub_.hub_time();
}

/// That another program of the office was faster is no failure: it draws another number and comes again.
void SessionJournal::on_refused(const std::optional<PublicKey>& key, const Error& error) {
  if (!key || error.code == Errc::conflict) return;
  if (DeviceJournal* one = of(*key)) note_failure(*one, error);
}

/// A line that breaks when all was proved has harmed nobody.
void SessionJournal::on_closed(const SessionName& session, const LinkTraffic&,
                               const std::optional<Error>& error) {
  DeviceJournal* one = of(session.key);
  if (one == nullptr) return;
  one->ended = hub_.hub_time();
  if (one->newest_is_whole(last_seen(session.key))) {
    one->failures = 0;
    one->failing_since = one->failed = 0;
    one->code.clear();
    one->reason.clear();
  } else if (error) {
    note_failure(*one, *error);
  }
}

Status SessionJournal::flush() {
  if (changed_.empty()) return {};
  HubStore& store = hub_.store();
  const auto write = [&]() -> Status {
    for (const auto& [key, one] : changed_) WASL_TRY(store.note_meta(meta_key(key), encode(one)));
    return {};
  };
  WASL_TRY(hub_.follows() ? write() : store.transact(write));
  changed_.clear();
  return {};
}

}  // namespace wasl
