#pragma once
// What `Replica` says about publishing: drafts of editions, and why some stay drafts.
#include <optional>
#include <string>
#include <vector>

#include "shared/model/change_set.hpp"
#include "shared/model/description.hpp"

namespace wasl {

struct PublicationRequest {
  std::string register_name;
  std::string id;                    ///< of the source; of a withdrawal the edition's too
  std::optional<std::string> space;  ///< of the source
  std::string outer;                 ///< where it is published; empty in a withdrawal: wherever it is
  std::vector<std::string> fields;   ///< empty: those that the edition has; at first all that may be
};

/// What stops a publication, and never a draft. Fields and rules live as long as the replica.
enum class Stop { missing, rule, revived };
struct PublicationStop {
  Stop kind = Stop::missing;
  const Field* field = nullptr;
  const Rule* rule = nullptr;
};

/// What an edition leaves out although it was asked for.
enum class LeftOut {
  personal,   ///< a person's data, or a reference to a register that holds some
  reference,  ///< to a record that readers of the outer space cannot know: publish it there first
};
struct LeftOutField {
  const Field* field = nullptr;
  LeftOut why = LeftOut::personal;
};

struct PublicationDraft {
  std::string register_name, id, space;  ///< of the edition
  std::vector<Operation> operations;     ///< none: the edition says all of it already
  std::vector<const Field*> fields;      ///< that it shows then
  std::vector<LeftOutField> left_out;
  std::vector<PublicationStop> stops;  ///< then there are no operations
  std::uint32_t register_number = 0;
};

}  // namespace wasl
