#include "shared/model/edition.hpp"

#include <algorithm>

#include "shared/base/packed.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl {
namespace {

constexpr std::size_t kUuidText = 36;

bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }
bool is_dash_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

std::string edition_id(const NetworkId& network, std::string_view source_space, std::string_view source_id,
                       std::string_view outer_space) {
  Writer out;
  out.fixed(network);
  out.sized(source_space);
  out.sized(source_id);
  out.sized(outer_space);
  const Hash hash = crypto::hash("wasl.1/edition", out.bytes());
  Bytes uuid(hash.bytes.begin(), hash.bytes.begin() + 16);
  uuid[6] = static_cast<Byte>((uuid[6] & 0x0f) | 0x80);  // version 8 (RFC 9562 section 5.8)
  uuid[8] = static_cast<Byte>((uuid[8] & 0x3f) | 0x80);
  std::string text = to_hex(uuid);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return text;
}

bool is_edition_id(std::string_view id) {
  if (id.size() != kUuidText) return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (is_dash_place(i) ? id[i] != '-' : !is_hex_digit(id[i])) return false;
  }
  return id[14] == '8' && (id[19] == '8' || id[19] == '9' || id[19] == 'a' || id[19] == 'b');
}

unsigned outwardness(std::string_view space) {
  if (space == kPublicSpace) return 4;
  if (space == kNetworkSpace) return 3;
  if (space.starts_with("section/")) return 2;
  return space.starts_with("association/") || space.starts_with("committee/") ? 1 : 0;
}

bool is_publication(const Register& reg, std::string_view id, std::uint32_t field_number) {
  if (published_field(reg) == nullptr) return false;
  const Field* field = field_number == 0 ? nullptr : reg.field(field_number);
  return is_edition_id(id) || (field != nullptr && field->publication);
}

const Field* published_field(const Register& reg) {
  const auto it = std::find_if(reg.fields.begin(), reg.fields.end(),
                               [](const Field& field) { return field.publication && field.removal_wins(); });
  return it == reg.fields.end() ? nullptr : &*it;
}

const Field* edition_of_field(const Register& reg) {
  const auto it = std::find_if(reg.fields.begin(), reg.fields.end(),
                               [](const Field& field) { return field.publication && !field.removal_wins(); });
  return it == reg.fields.end() ? nullptr : &*it;
}

bool may_be_published(const Field& field, const Schema& schema) {
  if (field.personal || field.publication) return false;
  const Register* target = field.target.empty() ? nullptr : schema.find(field.target);
  if (field.target.empty()) return true;
  return target != nullptr && std::none_of(target->fields.begin(), target->fields.end(),
                                           [](const Field& f) { return f.personal; });
}

}  // namespace wasl
