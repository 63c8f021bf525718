#pragma once
// The value of a field that holds a file: its name, media type, size and the root of its chunk tree
// (PROTOCOL.md sections 3 and 19). The bytes themselves travel beside the change sets. Pure.
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/model/description.hpp"
#include "shared/model/value.hpp"

namespace wasl {

// Numbers behind the last enumerator of their lists: what does not know them carries them untouched.
constexpr ValueType kAttachmentValue{10};
constexpr FieldType kAttachmentField{11};

/// Bytes of a file at most: 64 GiB.
constexpr std::uint64_t kFileBytesMost = std::uint64_t{1} << 36;
constexpr std::size_t kFileNameBytes = 200;   ///< leaves room for the ending of a file that is being written
constexpr std::size_t kMediaTypeBytes = 100;  ///< RFC 6838 allows 127 for each half; none in use is so long

struct Attachment {
  std::string name;  ///< is_file_name()
  std::string type;  ///< is_media_type()
  std::uint64_t size = 0;
  Hash root;

  bool operator==(const Attachment&) const = default;
  /// @pre what the fields hold is right.
  [[nodiscard]] Value to_value() const;
  /// `{"name":…,"type":…,"size":…,"file":…}`, as a column shows it.
  [[nodiscard]] std::string to_json() const;
  /// "report.pdf (application/pdf, 20480 bytes)".
  [[nodiscard]] std::string to_display() const;
};

/// Nothing for another type and for bytes that are no attachment's.
std::optional<Attachment> as_attachment(const Value& value);
/// Errors: invalid_value, naming what is wrong with the object.
Result<Attachment> parse_attachment(std::string_view json);

/// The field beside a field of files that holds their text: of the same type, `NAME_text`. Null: there is
/// none.
const Field* text_field(const Register& reg, const Field& files);

/// A name that can be written in any folder of any system and shows what it is: 1 to 200 bytes of UTF-8, no
/// parts of a path, no control characters, nothing that turns the direction of writing, no name that a
/// system keeps for itself.
bool is_file_name(std::string_view name);
/// `type/subtype` in lower case, of the letters that RFC 6838 allows.
bool is_media_type(std::string_view type);
/// The nearest file name: what may not stand in one becomes `_`. @return "file" when nothing is left.
std::string safe_file_name(std::string_view name);

}  // namespace wasl
