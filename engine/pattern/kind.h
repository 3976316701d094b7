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
//   prepare_count(kind, …)               optional: builds what count_row shares between threads, before they start
//   append_tiles(kind, problem, head, builder)     query tiles and key runs covering the head's pairs exactly
//
// Query *positions* run over 0 … M−1 (query n stands at n + M − N). The predicate and counts here do not know of
// causality except count_row; pattern.h applies it for all kinds.
#include "engine/pattern/pairs.h"
#include "engine/problem.h"
#include "engine/result.h"
#include <cstdint>
#include <span>

namespace dilascope {

class PlanBuilder;

// Bit b set: branch b contains the pair. A key two branches share counts twice in the softmax (LongNet's mixture).
using BranchSet = std::uint64_t;
inline constexpr int max_branches = 64;

// What count_row counts.
struct Count {
    enum What { active_pairs, multiplicity, branch_pairs } what = active_pairs;
    int branch = 0; // for branch_pairs
};
template <class Kind> void prepare_count(const Kind&, const Problem&, std::int64_t /*head*/, Count) {}

} // namespace dilascope
