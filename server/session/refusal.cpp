#include "server/session/refusal.hpp"

#include <nlohmann/json.hpp>

namespace wasl {
namespace {

int http_status(Errc code) {
  switch (code) {
    case Errc::conflict:
      return 409;
    case Errc::malformed:
      return 400;
    case Errc::unsupported:
      return 426;
    case Errc::later:
      return 503;
    default:
      return 403;
  }
}

}  // namespace

RefuseLink refusal(const Error& error, bool behind_proxy) {
  nlohmann::json body = {
      {"error", {{"code", to_word(error.code)}, {"message", error.message}, {"hint", error.hint}}}};
  if (behind_proxy) body["binding"] = "certificate";
  return {http_status(error.code), body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

}  // namespace wasl
