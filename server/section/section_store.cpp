#include "server/section/section_store.hpp"

#include <utility>

#include "server/hub/passing_on.hpp"

namespace wasl {
namespace {

constexpr std::string_view kNoteKey = "mirrored note";
constexpr std::string_view kTimeKey = "mirrored until";

}  // namespace

Status SectionStore::note(const std::string& note, Millis hub_time) {
  WASL_TRY(store_.set_meta(kNoteKey, view(note)));
  return note_time(hub_time);
}

Status SectionStore::note_time(Millis hub_time) {
  Writer time;
  time.integer(hub_time);
  return store_.set_meta(kTimeKey, time.bytes());
}

void SectionStore::tell(KeptWork::Decided decided) {
  if (decided.empty()) return;
  answers_.push_back({std::nullopt, encode_decided(decided)});
  has_kept_ = true;  // readers are to see it otherwise
}

Result<std::string> SectionStore::signed_note() const {
  WASL_LET(const auto note, store_.meta(kNoteKey));
  return note ? to_text(*note) : std::string();
}

Millis SectionStore::seen_until() const {
  const auto time = store_.meta(kTimeKey);
  return time && *time ? Reader(**time).integer() : 0;
}

KeptWork::Placed SectionStore::placed() {
  return [this](const Source& source, Sequence sequence) -> Result<std::optional<Hash>> {
    WASL_LET(const auto entry, store_.find(source, sequence));
    return entry ? std::optional(entry->entry.hash) : std::nullopt;
  };
}

Result<SharedStore::Standing> SectionStore::standing() {
  WASL_LET(const KeptWork::Totals totals, kept_.totals());
  Standing out;
  out.is_led = true;
  out.waiting = totals.waiting;
  return out;
}

Result<std::optional<SharedStore::News>> SectionStore::look() {
  if (!is_new_ && !has_kept_ && answers_.empty()) return std::optional<News>();
  News news;
  WASL_LET(news.note, signed_note());
  if (news.note.empty()) return std::optional<News>();
  news.answers = std::exchange(answers_, {});
  news.kept = std::exchange(has_kept_, false);
  is_new_ = false;
  return std::optional(std::move(news));
}

Status SectionStore::ask(std::span<const Question> questions) {
  const KeptWork::Placed places = placed();
  for (const Question& question : questions) {
    WASL_LET(Unit unit, decode_unit(question.data, network_));
    const Segment work{unit.space, 0, std::move(unit.items), std::move(unit.openings)};
    WASL_LET(const KeptWork::Taken taken, kept_.take(work, places));
    answers_.push_back({question.number, encode(taken.verdicts)});
    has_kept_ = has_kept_ || taken.is_new;
  }
  if (has_kept_ && told_) told_();
  return {};
}

}  // namespace wasl
