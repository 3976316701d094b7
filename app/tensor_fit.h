#pragma once
// How a configuration takes on the shape of a tensor file.
#include "engine/problem.h"
#include "experiments/case.h"
#include <string>

namespace dilascope {

// How much of a file is wanted: sizes asked for, or all there is, or what the configuration has where it fits.
struct ShapeWish {
    bool whole_file = false;
    std::int64_t seq_len = 0, heads = 0; // 0: not asked for
};

// `config` on the tensors called `input` that hold `held`: never more than there is, keys and key heads to match.
Case fit_to_tensors(Case config, const Problem& held, const std::string& input, const ShapeWish& wish);

} // namespace dilascope
