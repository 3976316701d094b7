#pragma once
// What every pattern kind provides. To add one: a struct in its own x.h with the functions below as overloads, its type
// in PatternKind (pattern.h), a line in presets() and a golden mask under tests/engine/golden. A pattern of whole
// blocks is less work: see block_part.h.
//
//   validate(kind, problem)              error when the kind cannot serve these shapes
//   branches(kind, problem, head, position, key)   the predicate: which branches let this query position see this key
//   branch_count(kind)                   how many branches there are
//   head_class(kind, problem, head)      heads of equal class share tiles; classes are small integers
//   count_row(kind, …)                   adds the exact pair counts of a row of rectangles: query positions `rows` ×
//                                        keys edges[i] … edges[i+1] into counts[i]
//   count_picture(kind, …)               optional: a whole picture of such rows, where they share work; the one below
//                                        asks count_row for each
//   append_tiles(kind, problem, head, builder)     query tiles and key runs covering the head's pairs exactly
//
// Query *positions* run over 0 … M−1 (query n stands at n + M − N). The predicate and counts here do not know of
// causality except counts; pattern.h applies it for all kinds.
#include "engine/pattern/pixel_grid.h"
#include "engine/problem.h"
#include "engine/result.h"
#include <cstdint>
#include <span>

namespace dilascope {

class PlanBuilder;

// Bit b set: branch b contains the pair. A key two branches share counts twice in the softmax (LongNet's mixture).
using BranchSet = std::uint64_t;
inline constexpr int max_branches = 64;

// What is counted.
struct Count {
    enum What { active_pairs, multiplicity, branch_pairs } what = active_pairs;
    int branch = 0; // for branch_pairs
};

template <class Kind>
void count_picture(const Kind& kind, const Problem& problem, std::int64_t head, Count what, const PixelGrid& picture,
                   const RowDone& done) {
    const auto add_row = [&](Range positions, std::span<std::int64_t> counts) {
        count_row(kind, problem, head, what, positions, picture.columns, counts);
    };
    count_row_by_row(
        picture, [&] { return add_row; }, done);
}

} // namespace dilascope
