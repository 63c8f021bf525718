#pragma once
// Short numbers of chains in a list, as a file of the store keeps them in a table.
#include <algorithm>
#include <vector>

#include "shared/model/record_state.hpp"

namespace wasl::fuzz {

class SourceList final : public SourceNumbers {
 public:
  std::uint64_t number_of(const Source& source) override {
    const auto it = std::find(list_.begin(), list_.end(), source);
    const auto number = static_cast<std::uint64_t>(it - list_.begin());
    if (it == list_.end()) list_.push_back(source);
    return number;
  }
  /// Nobody's chain for a number that was never given, as the store answers before it says that it is
  /// damaged.
  const Source& source_of(std::uint64_t number) override {
    static const Source kNobody;
    return number < list_.size() ? list_[number] : kNobody;
  }

 private:
  std::vector<Source> list_;
};

}  // namespace wasl::fuzz
