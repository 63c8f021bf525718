#include "shared/store/stored_chains.hpp"

namespace wasl {

Result<std::uint64_t> StoredChains::find_or_add(const Source& source) {
  WASL_LET(const auto number, rows_->source_number(source));
  if (number) return *number;
  return rows_->add_source(source);
}

std::uint64_t StoredChains::number_of(const Source& source) {
  if (const auto it = numbers_.find(source); it != numbers_.end()) return it->second;
  const auto number = find_or_add(source);
  if (!number) {
    failed_ = number.error();
    return 0;
  }
  numbers_[source] = *number;
  sources_[*number] = source;
  return *number;
}

Result<Source> StoredChains::find(std::uint64_t number) {
  WASL_LET(const auto source, rows_->source(number));
  if (!source) return damaged_row("list of chains");
  return *source;
}

const Source& StoredChains::source_of(std::uint64_t number) {
  if (const auto it = sources_.find(number); it != sources_.end()) return it->second;
  static const Source kNone{};
  if (number > INT64_MAX) return kNone;
  const auto source = find(number);
  if (!source) {
    failed_ = source.error();
    return kNone;
  }
  numbers_[*source] = number;
  return sources_[number] = *source;
}

Status StoredChains::health() {
  if (failed_) return tl::unexpected(*failed_);
  return {};
}

Result<ChainEnd> StoredChains::end(const Source& source) {
  if (const auto it = ends_.find(source); it != ends_.end()) return it->second;
  WASL_LET(const ChainEnd end, rows_->chain_end(source));
  ends_[source] = end;
  return end;
}

Status StoredChains::save_end(SpaceNumber space, const Source& source, const ChainEnd& end) {
  const auto number = number_of(source);
  WASL_TRY(health());
  WASL_TRY(rows_->save_chain_end(number, space, end));
  ends_[source] = end;
  return {};
}

Status StoredChains::follow(SpaceNumber space, const Header& header, const Hash& name) {
  WASL_LET(const ChainEnd before, end(header.source));
  WASL_TRY(check_next(before, header));
  return save_end(space, header.source, end_after(header, name));
}

void StoredChains::forget() {
  numbers_.clear();
  sources_.clear();
  ends_.clear();
  failed_.reset();
}

}  // namespace wasl
