// Dead records that the hub collects leave this replica too; what it collects wrongly is a lie of its own.
#include "shared/store/collecting.hpp"
#include "client/replica/replica.hpp"

namespace wasl {

/// What this office has written on such a record stays over it, and is offered: the hub holds it, and a
/// person decides.
Status Replica::apply_collection(const SpaceInfo& info, const ledger::Entry& entry,
                                 const ledger::Collection& collection, Position position) {
  if (collection.floor >= position)
    return accuse("the hub collects records of " + info.name + " that are not settled", collection.encode(),
                  entry.encode());
  for (const auto& [register_number, id] : collection.records) {
    WASL_LET(LoadedRecord loaded, records_.load(register_number, info.name, id));
    WASL_LET(const bool goes, may_be_collected(store_, info, loaded.record.confirmed, collection.floor));
    if (!goes) {
      std::map<std::string, LoadedRecord> records;
      records.emplace(id, std::move(loaded));
      WASL_TRY(check_own_state(info.name, records));
      return accuse("the hub collects " + id + " of " + info.name + ", which is not dead or was not at " +
                        std::to_string(collection.floor),
                    collection.encode(), entry.encode());
    }
    loaded.record.confirmed = {};
    loaded.record.replaced.clear();
    if (loaded.record.exists()) {
      WASL_TRY(records_.save(loaded, ports_.clock->now(), {.confirmed = true}));
    } else {
      WASL_TRY(records_.remove(loaded));
      store_.note_gone(info.number, id);
    }
  }
  return {};
}

}  // namespace wasl
