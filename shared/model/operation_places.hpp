#pragma once
// What each operation of a change set is about, in a fraction of the room that the operations take.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/model/change_set.hpp"

namespace wasl {

class OperationPlaces {
 public:
  OperationPlaces() = default;
  explicit OperationPlaces(const std::vector<Operation>& operations);

  struct Place {
    std::uint32_t register_number = 0;
    const std::string* id = nullptr;
    const Address* address = nullptr;

    /// @return whether the operation is about the same record, and address where it has one.
    [[nodiscard]] bool is_of(const Operation& operation) const;
  };
  /// Of the operation at `index`; nothing when there is none. Points into this object.
  [[nodiscard]] std::optional<Place> at(std::uint32_t index) const;
  [[nodiscard]] std::size_t bytes() const;  ///< about so much memory beside this object

 private:
  struct Record {
    std::uint32_t first = 0;  ///< index of its first operation
    std::uint32_t register_number = 0;
    std::string id;
  };
  std::vector<Record> records_;
  std::vector<Address> addresses_;         ///< each once: a row has as many as the next
  std::vector<std::uint32_t> address_of_;  ///< of each operation, in `addresses_`
};

}  // namespace wasl
