#pragma once
// Counts of dilated patterns whose segments nest, at lengths where a pixel holds thousands of segments. With segments
// ascending, two tokens that share segment l share all longer ones, so the pair is active when any branch ≥ l keeps
// both: Σ over l of (pairs that share segment l) − (pairs that share segment l−1), among the tokens that branches ≥ l
// keep. Whole segments inside a pixel are counted together: each holds ⌊s/r⌋ or ⌈s/r⌉ members, their total says how
// many of which.
#include "engine/pattern/dilated.h"
#include <span>

namespace dilascope {

// A signed residue class; sums of them indicate unions.
struct DilatedTerm {
    Residues residues;
    std::int64_t sign = 1;
};
// terms := indicator of (terms ∪ added).
void unite(std::vector<DilatedTerm>& terms, Residues added);
// Pairs of a class in rows × keys, those with key ≤ query when causal.
std::int64_t term_pairs(Residues c, Range rows, Range keys, bool causal);
// Adds Σ sign·pairs of the terms in rows × (edge pixels ∩ keys).
void add_pixels(std::span<const DilatedTerm> terms, Range rows, Range keys, bool causal,
                std::span<const std::int64_t> edges, std::span<std::int64_t> counts);

// True when every segment length divides the next (the longest may be cut by the keys' end) and every rate divides its
// segment length, so that one residue class serves all segments of a branch.
bool is_nested(std::span<const BranchView> views, std::int64_t kv_len);
// Distinct pairs of the branches, added to the pixels; `views` nested, in any order.
void count_nested(std::span<const BranchView> views, const Problem& problem, Range rows,
                  std::span<const std::int64_t> edges, std::span<std::int64_t> counts);

} // namespace dilascope
