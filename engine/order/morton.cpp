#include "engine/order/morton.h"
#include "engine/order/quadtree.h"

namespace dilascope {

static constexpr QuadCurve morton_curve = {{{0, 1, 2, 3}}, {}};

constinit const CurveWalk morton_walk = quadtree_walk<morton_curve>();

} // namespace dilascope
