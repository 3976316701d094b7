#pragma once
// Exact pair counts of patterns taken along a curve (order=… use=sequence): pixels count tokens, the pattern ranks.
#include "engine/pattern/count.h"

namespace dilascope {

// counts[row·columns + column] += pairs of query positions q_edges[row] … q_edges[row+1] with keys k_edges[column] …
// k_edges[column+1]. Takes time with the tokens of the sequence and the products that meet the rows, not with pairs;
// memory with the tokens, and with the pixels for each thread.
void count_permuted(const Pattern& pattern, const Problem& problem, std::int64_t head, Count what,
                    std::span<const std::int64_t> q_edges, std::span<const std::int64_t> k_edges,
                    std::span<std::int64_t> counts);

} // namespace dilascope
