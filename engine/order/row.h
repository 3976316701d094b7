#pragma once
// Row by row, left to right: rank and token are the same number.
#include "engine/order/curve.h"

namespace dilascope {

extern const CurveWalk row_walk;

} // namespace dilascope
