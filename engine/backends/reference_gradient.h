#pragma once
// The gradient of Σ out·dout in float64, straight from the predicate: it recomputes every softmax and reads neither
// call.plan nor call.out nor call.lse.
//
// Every mix is a weighted sum of softmaxes, so each softmax only needs the gradient of its own output:
//   softmax            dout, for the one softmax over the multiset of all branches' keys
//   softmax_stopgrad   exp(L_b − L)·dout: the branch weights are constants
//   mean, none         dout/G, dout
//   fkodom             (dout − Σ_n dout·o_b/S_b) / (G·S_b): out = o_b/(G·S_b), and S_b = Σ_n o_b has a gradient too
#include "engine/backends/backend.h"

namespace dilascope {

// Writes all of call.dq, call.dk and call.dv, the same bits from any number of threads. Error when cancelled.
Result<void> reference_gradient(const GradientCall& call);

} // namespace dilascope
