#pragma once
// Editions: what of a record is published in an outer space. Publishing does not move a record; it writes
// another of the same register under an id that follows from where it comes from and where it goes. Pure.
#include <string>
#include <string_view>

#include "shared/model/description.hpp"
#include "shared/model/ids.hpp"

namespace wasl {

/// The element of the field `published` that stands while the edition is published.
constexpr std::string_view kPublishedCode = "yes";

/// The same for all who publish this record there: UUIDv8 of
/// H(wasl.1/edition; network, source space, source id, outer space).
std::string edition_id(const NetworkId& network, std::string_view source_space, std::string_view source_id,
                       std::string_view outer_space);
/// Whether the id is one that only editions have.
bool is_edition_id(std::string_view id);

/// How far out a space lies: 1 associations and committees, 2 sections, 3 network, 4 public; 0 is none of
/// these.
unsigned outwardness(std::string_view space);

/// Whether writing this needs the right `publish`: everything in an edition, and its marks anywhere.
/// @param field_number 0: the record's existence.
bool is_publication(const Register& reg, std::string_view id, std::uint32_t field_number);

/// The field that says whether the edition is published; null in a register that has no editions.
const Field* published_field(const Register& reg);
/// The field that names the change sets which the edition shows; null as above.
const Field* edition_of_field(const Register& reg);

/// Whether what a field says may stand in an edition at all: no person's data, and no reference to a register
/// that holds some.
bool may_be_published(const Field& field, const Schema& schema);

}  // namespace wasl
