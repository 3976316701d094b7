#pragma once
// How the results of a call compare with the float64 reference.
#include "experiments/case_call.h"
#include <string>

namespace dilascope {

struct Verdict {
    std::string text; // "ok" or "wrong: …"
    double error_max_abs = 0;
    std::int64_t row_count = 0; // compared
    bool is_ok() const { return text == "ok"; }
};

// Compares out and lse of up to `row_count` rows, spread over batch, heads and queries, first and last among them; and
// where there are gradients, dq of these rows, dk and dv of as many keys. mix=fkodom costs the reference a whole head a
// row, so its rows come from two heads. Gradients of a mix other than one softmax are compared as a whole, for no key
// can be looked at by itself; an error where that takes too long.
Result<Verdict> verify(const CaseCall& call, std::int64_t row_count);

} // namespace dilascope
