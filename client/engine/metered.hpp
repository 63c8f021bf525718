#pragma once
// What the system knows of the link that is used now.
namespace wasl {

/// Whether NetworkManager calls it metered, or guesses so. Where nobody answers: true, the careful
/// assumption.
bool link_is_metered();

}  // namespace wasl
