#pragma once
// To whom what a bundle holds of a space is sealed: as who may read it in a session. Pure.
#include <map>
#include <string>

#include "shared/authority/authority_state.hpp"
#include "shared/bundle/packing.hpp"

namespace wasl {

/// The hub: its log key stands for a key to seal to, so that offices need no other.
SealedTo sealed_to_hub(const PublicKey& log_key);
SealedTo sealed_to(const Device& device);
/// Of each space, the devices that may read it at this hub time.
std::map<std::string, SealedTo> readers(const AuthorityState& authority, Millis hub_time);

}  // namespace wasl
