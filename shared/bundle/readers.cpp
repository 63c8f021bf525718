#include "shared/bundle/readers.hpp"

namespace wasl {

SealedTo sealed_to_hub(const PublicKey& log_key) {
  SealedTo out;
  if (const auto sealing = crypto::sealing_key_of(log_key)) out.keys.push_back({log_key, *sealing});
  return out;
}

SealedTo sealed_to(const Device& device) { return {{{device.key, device.sealing_key}}}; }

std::map<std::string, SealedTo> readers(const AuthorityState& authority, Millis hub_time) {
  std::map<std::string, SealedTo> out;
  for (const auto& [key, device] : authority.devices()) {
    for (const std::string& space : authority.readable(key, hub_time))
      out[space].keys.push_back({key, device.sealing_key});
  }
  return out;
}

}  // namespace wasl
