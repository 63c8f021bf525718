// The canonical bytes of a description (H is BLAKE2b-256 under the tag named; varint, integer and sized as
// in shared/base/packed.hpp). They hold what decides on the wire, in merging and in validation. Labels,
// captions, search and the order in which a file lists things are left out.
//
//   register = varint number, sized name, sized default_space,
//              varint count of fields, each field by number rising,
//              varint count of rules, each rule by name rising (bytes)
//   field    = varint number, sized name, byte type, byte policy,
//              byte flags: 1 required, 2 personal, 4 label, 8 retired, 16 has least, 32 has most,
//                          64 publication
//              sized target (empty unless a reference),
//              integer least if flag 16, integer most if flag 32,
//              varint most_bytes (0: the general limit),
//              varint count of codes, each code by code rising (bytes)
//   code     = sized code, byte retired (0 or 1)
//   rule     = sized name, varint number of the field before, varint number of the field after
//
//   type     text 0, multilingual 1, code 2, reference 3, money 4, date 5, time 6, point 7, number 8,
//            integer 9, flag 10, attachment 11
//   policy   latest 0, review 1, authority 2, set 3, ledger 4, set_removal 5
//
//   description hash = H("wasl.1/description", register)
//   schema hash      = H("wasl.1/schema", for each register by number rising: varint number, description
//   hash)
#include <algorithm>

#include "shared/base/packed.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/model/description_reader.hpp"

namespace wasl {
namespace {

constexpr Byte kRequired = 1, kPersonal = 2, kLabel = 4, kRetired = 8, kHasLeast = 16, kHasMost = 32,
               kPublication = 64;

Byte flags_of(const Field& field) {
  int flags = 0;
  if (field.required) flags |= kRequired;
  if (field.personal) flags |= kPersonal;
  if (field.label) flags |= kLabel;
  if (field.retired) flags |= kRetired;
  if (field.least) flags |= kHasLeast;
  if (field.most) flags |= kHasMost;
  if (field.publication) flags |= kPublication;
  return static_cast<Byte>(flags);
}

void pack_codes(const std::vector<CodeItem>& codes, Writer& out) {
  std::vector<const CodeItem*> sorted;
  for (const CodeItem& item : codes) sorted.push_back(&item);
  std::sort(sorted.begin(), sorted.end(),
            [](const CodeItem* a, const CodeItem* b) { return a->code < b->code; });
  out.varint(sorted.size());
  for (const CodeItem* item : sorted) {
    out.sized(item->code);
    out.byte(item->retired ? 1 : 0);
  }
}

void pack_field(const Field& field, Writer& out) {
  out.varint(field.number);
  out.sized(field.name);
  out.byte(static_cast<Byte>(field.type));
  out.byte(static_cast<Byte>(field.policy));
  out.byte(flags_of(field));
  out.sized(field.target);
  if (field.least) out.integer(*field.least);
  if (field.most) out.integer(*field.most);
  out.varint(field.most_bytes);
  pack_codes(field.codes, out);
}

void pack_rules(const Register& content, Writer& out) {
  std::vector<const Rule*> sorted;
  for (const Rule& rule : content.rules) sorted.push_back(&rule);
  std::sort(sorted.begin(), sorted.end(), [](const Rule* a, const Rule* b) { return a->name < b->name; });
  out.varint(sorted.size());
  for (const Rule* rule : sorted) {
    out.sized(rule->name);
    out.varint(content.field(rule->before)->number);
    out.varint(content.field(rule->after)->number);
  }
}

}  // namespace

Hash description_hash(const Register& content) {
  Writer out;
  out.varint(content.number);
  out.sized(content.name);
  out.sized(content.default_space);
  out.varint(content.fields.size());
  for (const Field& field : content.fields) pack_field(field, out);
  pack_rules(content, out);
  return crypto::hash("wasl.1/description", out.bytes());
}

Hash schema_hash(const std::vector<Register>& by_number) {
  Writer out;
  for (const Register& content : by_number) {
    out.varint(content.number);
    out.fixed(content.hash);
  }
  return crypto::hash("wasl.1/schema", out.bytes());
}

}  // namespace wasl
