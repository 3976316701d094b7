#pragma once
// Every curve, for tests that hold for all of them.
#include "engine/order/order.h"

namespace dilascope {

inline constexpr Curve curves[] = {Curve::row, Curve::snake, Curve::morton, Curve::hilbert};

} // namespace dilascope
