#pragma once
// Which confirmed records are in conflict, and since when, for the operator: written with each record that a
// commit saves, so that looking costs no reading of records.
#include <optional>

#include "server/store/hub_store.hpp"
#include "shared/model/description.hpp"

namespace wasl {

/// When the oldest conflict of the record began: the effective time of the head that came second with another
/// value. @param described null: its register is not known here. Nothing: it has no conflict.
std::optional<Millis> conflict_since(const RecordState& state, const Register* described);

/// A new network has no records: nothing is to be read.
Status mark_conflicts_noted(HubStore& store);
/// For a store in which an older version has noted none: reads all records, once. @pre no transaction.
Status note_all_conflicts(HubStore& store, const Schema& schema);

}  // namespace wasl
