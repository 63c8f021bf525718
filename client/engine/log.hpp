#pragma once
// One line an event on standard error: event first, then key=value. Ids and counts, never contents.
#include <initializer_list>
#include <string>
#include <string_view>

namespace wasl::log {

struct Field {
  std::string_view key;
  std::string value;
};

void info(std::string_view event, std::initializer_list<Field> fields = {});
void warn(std::string_view event, std::initializer_list<Field> fields = {});
void error(std::string_view event, std::initializer_list<Field> fields = {});

}  // namespace wasl::log
