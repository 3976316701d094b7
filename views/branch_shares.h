#pragma once
// BranchShares: how much of a row's softmax each branch gets when branches are mixed by their softmax denominators:
// α_b = S_b ÷ Σ_c S_c, where S_b is Σ exp(score) over the branch's keys. With equal scores that is n_b ÷ Σ_c n_c, the
// branch's part of the keys, exact at any length; with tensors their scores count.
#include "engine/pattern/count.h"
#include "experiments/qkv.h"
#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace dilascope {

// Several branches in one softmax; other mixes and single branches have nothing to share.
bool mixes_branches(const Pattern& pattern);

// Pixel rows over queries of one head, edges as density_grid's.
struct SharesRequest {
    const Pattern& pattern;
    const Problem& problem;
    std::int64_t head = 0;
    Range queries;
    std::int64_t rows = 0;
};

struct BranchShares {
    std::vector<float> share;         // rows × branches; 0 throughout for a row without keys
    std::int64_t queries_per_row = 0; // with scores: the mean of so many queries of a pixel row, at most; else 0
    std::string error;                // why there are no scores
    bool has_scores() const { return queries_per_row > 0; }
};
// All queries of a pixel row together: Σ n_b ÷ Σ n. Unfinished once `cancel` is set, as below.
BranchShares count_shares(const SharesRequest& request, const CancelFlag* cancel);
// From the scores of the tensors' first sequence; `progress` (may be null): 0 … 1. What is missing for them: `error`,
// and the shares are those of equal scores.
BranchShares score_shares(const SharesRequest& request, const Qkv& tensors, const CancelFlag* cancel,
                          std::atomic<float>* progress);

// The rows as pixels, `shares_columns` in a row: each branch's colour over its part.
inline constexpr std::int64_t shares_columns = 128;
std::vector<std::uint32_t> paint_shares(const BranchShares& shares, std::int64_t rows);

// A line for each branch that a query has keys in: "2048 / 1: 1 024 ÷ 2 560 keys = 40 %", then what its scores give,
// when `scored` is not empty.
std::vector<std::string> share_lines(const Pattern& pattern, std::span<const std::int64_t> branch_keys,
                                     std::span<const float> scored);

} // namespace dilascope
