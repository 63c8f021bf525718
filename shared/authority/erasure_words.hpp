#pragma once
// What is said of a record whose personal values are or will be erased, in the five working languages.
#include <string_view>

#include "shared/authority/acts.hpp"
#include "shared/model/description.hpp"

namespace wasl {

enum class ErasureStage { waits, in_force, withdrawn };

/// @param when it takes or took effect, as text; @param by who signed it.
Labels erasure_in_five(ErasureStage stage, ErasureReason reason, std::string_view when, std::string_view by);

}  // namespace wasl
