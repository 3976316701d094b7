#include "engine/order/hilbert.h"
#include "engine/order/quadtree.h"

namespace dilascope {

// The curve goes (0,0), (0,1), (1,1), (1,0) through the quadrants; in the first it is mirrored at the diagonal, in the
// last at the other diagonal, in the two between it is as it was. Mirrors at both diagonals make the half turn, so four
// states are enough and following one by another is an exclusive or of: bit 0 mirrored at the diagonal x = y, bit 1 at
// the other one.
static constexpr QuadCurve make_hilbert_curve() {
    constexpr unsigned x_bits[] = {0, 0, 1, 1}, y_bits[] = {0, 1, 1, 0}, mirrors[] = {1, 0, 0, 2};
    QuadCurve curve{};
    for (unsigned state = 0; state < 4; ++state)
        for (unsigned digit = 0; digit < 4; ++digit) {
            const unsigned flip = state >> 1;              // the other diagonal: (x, y) → (1 − y, 1 − x)
            const bool swap = (state & 1) != (state >> 1); // each mirror swaps, both together do not
            const unsigned x = (swap ? y_bits : x_bits)[digit] ^ flip, y = (swap ? x_bits : y_bits)[digit] ^ flip;
            curve.quadrant[state][digit] = std::uint8_t(x | y << 1);
            curve.child[state][digit] = std::uint8_t(state ^ mirrors[digit]);
        }
    return curve;
}
static constexpr QuadCurve hilbert_curve = make_hilbert_curve();

constinit const CurveWalk hilbert_walk = quadtree_walk<hilbert_curve>();

} // namespace dilascope
