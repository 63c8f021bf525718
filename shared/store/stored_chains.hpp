#pragma once
// Chains by short numbers, and where each ends. Remembers what it has read until forget().
#include <map>
#include <optional>

#include "shared/model/record_state.hpp"
#include "shared/store/row_store.hpp"

namespace wasl {

class StoredChains final : public SourceNumbers {
 public:
  explicit StoredChains(RowStore& rows) : rows_(&rows) {}

  // A failure of these two is kept and reported by health(): 0, or no chain, until then.
  std::uint64_t number_of(const Source& source) override;
  const Source& source_of(std::uint64_t number) override;
  Status health();

  Result<ChainEnd> end(const Source& source);
  Status save_end(SpaceNumber space, const Source& source, const ChainEnd& end);
  /// Errors: malformed (the chain does not go on with this header).
  Status follow(SpaceNumber space, const Header& header, const Hash& name);

  void forget();
  void forget_failure() { failed_.reset(); }

 private:
  Result<std::uint64_t> find_or_add(const Source& source);
  Result<Source> find(std::uint64_t number);

  RowStore* rows_;
  std::map<Source, std::uint64_t> numbers_;
  std::map<std::uint64_t, Source> sources_;
  std::map<Source, ChainEnd> ends_;
  std::optional<Error> failed_;
};

}  // namespace wasl
