#pragma once
// Degrees: how many keys each query reads, and by how many queries each key is read, reduced to pixels exactly.
#include "engine/analysis/pair_blocks.h"
#include "engine/cancel.h"
#include "engine/pattern/count.h"

namespace dilascope {

// The degrees of a pixel's tokens. A pixel without tokens has all 0.
struct DegreePixel {
    std::int64_t tokens = 0, min = 0, max = 0, sum = 0;
    double mean() const { return tokens > 0 ? double(sum) / double(tokens) : 0.0; }
    friend bool operator==(const DegreePixel&, const DegreePixel&) = default;
};

// One head; pixel p of `pixels` ≥ 1 holds the tokens of pixel_edges(tokens, pixels) (engine/pattern/count.h).
// `queries` within [0, N), `keys` within [0, M). Error when cancelled.
Result<std::vector<DegreePixel>> query_degrees(const Plan& plan, std::int64_t head, PairCount count, Range queries,
                                               std::int64_t pixels, const CancelFlag* cancel = nullptr);
Result<std::vector<DegreePixel>> key_degrees(const Plan& plan, std::int64_t head, PairCount count, Range keys,
                                             std::int64_t pixels, const CancelFlag* cancel = nullptr);

} // namespace dilascope
