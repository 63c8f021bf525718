#include "shared/net/endings.hpp"

namespace wasl {

LinkEnd end_of_goodbye(std::uint16_t code, std::string reason) {
  LinkEnd end{.code = code, .reason = std::move(reason)};
  if (code == static_cast<std::uint16_t>(CloseCode::too_big)) {
    end.error = Error{Errc::limit_exceeded, "the other end refused a message as too large", {}};
  } else if (code != static_cast<std::uint16_t>(CloseCode::normal) &&
             code != static_cast<std::uint16_t>(CloseCode::going_away)) {
    end.error = Error{Errc::no_link, "the other end closed the link (" + std::to_string(code) + ")", {}};
  }
  return end;
}

HttpAnswer http_refusal(int status, Errc code, std::string_view message) {
  return {status,
          "application/json",
          R"({"error":{"code":")" + std::string(to_word(code)) + R"(","message":")" + std::string(message) +
              R"(","hint":""}})",
          {{"Cache-Control", "no-store"}}};
}

}  // namespace wasl
