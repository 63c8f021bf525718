#include "shared/log/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace wasl::log {
namespace {

spdlog::logger& logger() {
  static const auto made = [] {
    auto out = spdlog::stderr_logger_mt("wasl");
    out->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    out->flush_on(spdlog::level::info);
    return out;
  }();
  return *made;
}

std::string line(std::string_view event, Fields fields) {
  std::string out(event);
  for (const auto& [key, value] : fields) {
    out += ' ';
    out += key;
    out += '=';
    const bool plain = !value.text().empty() && value.text().find_first_of(" \"=\n\r\t") == std::string::npos;
    if (plain) {
      out += value.text();
      continue;
    }
    out += '"';
    for (const char c : value.text()) {
      if (c == '"' || c == '\\') out += '\\';
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    out += '"';
  }
  return out;
}

}  // namespace

void info(std::string_view event, Fields fields) { logger().info(line(event, fields)); }
void error(std::string_view event, Fields fields) { logger().error(line(event, fields)); }
void only_errors() { logger().set_level(spdlog::level::err); }
void silence() { logger().set_level(spdlog::level::off); }

}  // namespace wasl::log
