#pragma once
#include "shared/manual/command_tree.hpp"

namespace wasl {

struct ManualPage {
  std::string version;
  std::string summary;             ///< after the dash of NAME, without a capital and a full stop
  std::string description;         ///< paragraphs, an empty line between them
  std::vector<std::string> files;  ///< "PATH\tWHAT"
  std::string see_also;
};

/// A page of section 1 in the macros of man(7): every command with its options and examples.
std::string man_page(const CommandTree& program, const ManualPage& page);

}  // namespace wasl
