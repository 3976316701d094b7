#pragma once
// Hilbert's curve: every step goes to a neighbour, and so does the curve through the squares of each size.
#include "engine/order/curve.h"

namespace dilascope {

extern const CurveWalk hilbert_walk;

} // namespace dilascope
