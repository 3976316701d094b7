#pragma once
// Row by row, odd rows right to left: every step goes to a neighbour.
#include "engine/order/curve.h"

namespace dilascope {

extern const CurveWalk snake_walk;

} // namespace dilascope
