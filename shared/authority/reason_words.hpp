#pragma once
// Why work was not accepted, and what to do, in the five working languages.
#include "shared/authority/authorise.hpp"
#include "shared/model/description.hpp"

namespace wasl {

/// English is what `explain` says.
Labels explain_in_five(Reason reason);

}  // namespace wasl
