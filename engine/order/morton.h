#pragma once
// Z-order: the rank's bits are those of x and y interleaved, x lowest.
#include "engine/order/curve.h"

namespace dilascope {

extern const CurveWalk morton_walk;

} // namespace dilascope
