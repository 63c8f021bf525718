#include "shared/model/operation_places.hpp"

#include <algorithm>
#include <map>

namespace wasl {

OperationPlaces::OperationPlaces(const std::vector<Operation>& operations) {
  std::map<Address, std::uint32_t> numbers;
  address_of_.reserve(operations.size());
  for (const Operation& op : operations) {
    if (records_.empty() || records_.back().register_number != op.register_number ||
        records_.back().id != op.id) {
      records_.push_back({static_cast<std::uint32_t>(address_of_.size()), op.register_number, op.id});
    }
    const auto [it, is_new] = numbers.emplace(op.address, static_cast<std::uint32_t>(addresses_.size()));
    if (is_new) addresses_.push_back(op.address);
    address_of_.push_back(it->second);
  }
}

bool OperationPlaces::Place::is_of(const Operation& operation) const {
  return register_number == operation.register_number && *id == operation.id &&
         (!has_address(operation.kind) || *address == operation.address);
}

std::optional<OperationPlaces::Place> OperationPlaces::at(std::uint32_t index) const {
  if (index >= address_of_.size()) return std::nullopt;
  const auto after = std::upper_bound(records_.begin(), records_.end(), index,
                                      [](std::uint32_t i, const Record& record) { return i < record.first; });
  const Record& record = *std::prev(after);
  return Place{record.register_number, &record.id, &addresses_[address_of_[index]]};
}

std::size_t OperationPlaces::bytes() const {
  std::size_t out = address_of_.size() * sizeof(std::uint32_t);
  for (const Record& record : records_) out += sizeof(record) + record.id.size();
  for (const Address& address : addresses_) out += sizeof(address) + address.key.size();
  return out;
}

}  // namespace wasl
