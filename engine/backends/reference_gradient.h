#pragma once
// The gradient of Σ out·dout in float64, straight from the predicate: it recomputes every softmax and reads neither
// call.plan nor call.out nor call.lse.
//
// Every mix is a weighted sum of softmaxes, so each softmax only needs the gradient of its own output:
//   softmax            dout, for the one softmax over the multiset of all branches' keys
//   softmax_stopgrad   exp(L_b − L)·dout: the branch weights are constants
//   mean, none         dout/G, dout
//   fkodom             (dout − Σ_n dout·o_b/S_b) / (G·S_b): out = o_b/(G·S_b), and S_b = Σ_n o_b has a gradient too
#include "engine/backends/reference.h"

namespace dilascope {

// Writes all of call.dq, call.dk and call.dv, the same bits from any number of threads. Error when cancelled.
Result<void> reference_gradient(const GradientCall& call);

// The named rows of dq only, (rows, D). Not for mix=fkodom, whose rows depend on each other.
void reference_gradient_rows(const GradientCall& call, std::span<const RowIndex> rows, double* dq);

// One row of dk and dv: batch element, key head, key index.
struct KeyIndex {
    std::int64_t batch = 0, kv_head = 0, key = 0;
};
// The named rows of dk and dv only, (keys, D), where the pattern is one softmax: summed over every row that sees the
// key, whose softmax is that of call.lse and whose Δ is dout·call.out: compare these first. O(N·D) a key.
void reference_gradient_keys(const GradientCall& call, std::span<const KeyIndex> keys, double* dk, double* dv);

} // namespace dilascope
