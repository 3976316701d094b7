#pragma once
// Exact integer counts and densities of a pattern, in closed form; no table grows with N.
#include "engine/pattern/pattern.h"
#include <span>

namespace dilascope {

// A rectangle of the attention matrix: query rows × key columns (row indices 0 … N−1, not positions).
struct Region {
    Range q, k;
    friend bool operator==(const Region&, const Region&) = default;
};
inline Region whole_matrix(const Problem& p) { return {{0, p.seq_len}, {0, p.kv_len}}; }

// Exact pair count of one head inside a region: distinct active pairs, multiplicity, or the pairs of one branch.
std::int64_t count_pairs(const Pattern&, const Problem&, std::int64_t head, const Region&, Count what = {});

// density[row·columns + column] = active pairs ÷ cells of pixel (row, column); pixel p of P over n tokens from t0
// covers [t0 + ⌊p·n/P⌋, t0 + ⌊(p+1)·n/P⌋). An empty pixel (n < P) has density 0. `what` as in count_pairs.
void density_grid(const Pattern&, const Problem&, std::int64_t head, const Region&, std::int64_t rows,
                  std::int64_t columns, std::span<double> density, Count what = {});

// The P + 1 pixel edges of the formula above.
std::vector<std::int64_t> pixel_edges(Range tokens, std::int64_t pixels);

} // namespace dilascope
