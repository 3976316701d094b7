#pragma once
// ReferenceRow: one row of attention in float64, as the predicate and the tensors give it, before any softmax. What the
// reference's forward and its gradient share.
#include "engine/backends/reference.h"
#include <limits>

namespace dilascope {

struct ReferenceRow {
    RowIndex index;
    std::vector<double> q;         // (D)
    std::span<const SeenKey> keys; // borrowed
    std::vector<double> scores;    // scale · q·k of each key
    std::vector<double> kept;      // what dropout multiplies each key's weight by: keep_scale, or 0 where it is dropped
};
ReferenceRow reference_row(const AttentionCall& call, RowIndex index, std::span<const SeenKey> keys);

// One softmax over the keys a row sees through one branch, or through all of them as a multiset.
struct RowSoftmax {
    std::vector<double> weights; // of each key, before dropout; they sum to 1; 0 for a key that is not in the branch
    double lse = -std::numeric_limits<double>::infinity(); // of all its keys, dropped ones too; −inf without keys
    bool is_empty() const { return lse == -std::numeric_limits<double>::infinity(); }
};
// Elements of k or v that belong to one of the row's keys, (D).
void read_key(const AttentionCall& call, const ReferenceRow& row, const SeenKey& key, const void* k_or_v,
              std::span<double> to);
double dot(std::span<const double> a, std::span<const double> b);

constexpr int joint_branches = -1;
RowSoftmax row_softmax(const ReferenceRow& row, int branch);

// out[d] += Σ_k weight_k · kept_k · v_k[d]
void add_values(const AttentionCall& call, const ReferenceRow& row, const RowSoftmax& softmax, double* out);

} // namespace dilascope
