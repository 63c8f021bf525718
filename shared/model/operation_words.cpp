#include "shared/model/operation_words.hpp"

#include "shared/model/field_value.hpp"

namespace wasl {

std::string in_words(const Operation& op, const Register* reg) {
  const Field* field = reg == nullptr || op.address.field == 0 ? nullptr : reg->field(op.address.field);
  std::string name = field != nullptr ? field->name : "field " + std::to_string(op.address.field);
  if (field != nullptr && field->type == FieldType::multilingual) name += "." + to_text(op.address.key);
  const bool personal = op.value.type == ValueType::commitment;
  const std::string value = personal ? "(personal)" : op.value.is_null() ? "nothing" : op.value.to_display();
  switch (op.kind) {
    case OperationKind::create:
      return "created";
    case OperationKind::write:
      if (field != nullptr && field->removal_wins())
        return name + (op.value.as_flag().value_or(false) ? " + " : " - ") +
               element_of(op.address.key).to_display();
      return name + " = " + value;
    case OperationKind::resolve:
      return name + " resolved to " + value + (op.note.empty() ? "" : " (" + op.note + ")");
    case OperationKind::add:
      return name + " + " + element_of(op.address.key).to_display();
    case OperationKind::remove:
      return name + " - " + element_of(op.address.key).to_display();
    case OperationKind::erase:
      return "deleted";
    case OperationKind::act:
      return "act of authority";
  }
  return {};
}

}  // namespace wasl
