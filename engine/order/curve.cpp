#include "engine/order/curve.h"
#include "engine/order/hilbert.h"
#include "engine/order/morton.h"
#include "engine/order/row.h"
#include "engine/order/snake.h"

namespace dilascope {

const CurveWalk& curve_walk(Curve curve) {
    switch (curve) {
    case Curve::row: return row_walk;
    case Curve::snake: return snake_walk;
    case Curve::morton: return morton_walk;
    case Curve::hilbert: return hilbert_walk;
    }
    return row_walk;
}

} // namespace dilascope
