#pragma once
// A plan along a curve (order, use=sequence) with its ranks turned into tokens, which is what every analysis asks
// about.
#include "engine/plan/plan.h"
#include <memory>

namespace dilascope {

// The same pairs, rows and keys as tokens. A plan that is not permuted is returned as it is (the plan must outlive the
// result); a permuted one is written out tile by tile, its keys as few strided runs, causality as their bands. Error
// when that takes more than 2^25 runs (1.5 GB): along a curve, dilations scatter over the tokens.
// Every analysis does this by itself; whoever asks for several does it once and hands the result on.
Result<std::shared_ptr<const Plan>> in_token_order(const Plan& plan);

} // namespace dilascope
