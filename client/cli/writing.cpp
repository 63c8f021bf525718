// wasl add, wasl set, wasl delete
#include <nlohmann/json.hpp>

#include "client/cli/assignments.hpp"
#include "client/cli/commands.hpp"
#include "client/cli/uuid.hpp"

namespace wasl::cli {
namespace {

Answer answer_of(std::string_view done, const Register& reg, const std::string& id,
                 const std::string& space) {
  const nlohmann::ordered_json out{{"id", id}, {"register", reg.name}, {"space", space}};
  return {out.dump(), std::string(done) + " " + reg.name + " " + id + " in " + space + ".", kDone};
}

}  // namespace

Result<Answer> add(const Office& office, const RecordArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const Register* const reg, find_register(replica->schema(), arguments.register_name));
  WASL_LET(const auto assignments, parse_assignments(*reg, arguments.assignments));
  const std::string id = arguments.id.empty() ? make_uuid(office.clock(), office.random()) : arguments.id;
  std::string space;
  WASL_TRY(replica->write([&](Database& db) -> Status {
    WASL_LET(space, insert_record(db, *reg, id, arguments.space.value_or(""), assignments,
                                  replica->network().language));
    return {};
  }));
  return answer_of("Saved", *reg, id, space);
}

Result<Answer> set(const Office& office, const RecordArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const Register* const reg, find_register(replica->schema(), arguments.register_name));
  WASL_LET(const auto assignments, parse_assignments(*reg, arguments.assignments));
  if (assignments.empty()) {
    return fail(Errc::invalid_value, "nothing to change is named", "write for example status=closed");
  }
  std::string space;
  WASL_TRY(replica->write([&](Database& db) -> Status {
    WASL_LET(space, replica->space_of(*reg, arguments.id, arguments.space));
    return update_record(db, *reg, arguments.id, space, assignments, replica->network().language);
  }));
  return answer_of("Saved", *reg, arguments.id, space);
}

Result<Answer> remove(const Office& office, const RecordArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const Register* const reg, find_register(replica->schema(), arguments.register_name));
  std::string space;
  WASL_TRY(replica->write([&](Database& db) -> Status {
    WASL_LET(space, replica->space_of(*reg, arguments.id, arguments.space));
    WASL_LET(auto erase, db.prepare("DELETE FROM " + reg->name + " WHERE id = ? AND space = ?"));
    erase.bind_all(arguments.id, space);
    return erase.run();
  }));
  return answer_of("Deleted", *reg, arguments.id, space);
}

}  // namespace wasl::cli
