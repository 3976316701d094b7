#pragma once
// PlanBuilder: what a pattern kind appends its tiles to. It clips to the queries that exist, applies causality and
// counts.
#include "engine/plan/plan.h"
#include <span>

namespace dilascope {

class PlanBuilder {
public:
    // `problem`: what the tiles are for; the plan's own, or that of its ranks when it is permuted.
    PlanBuilder(Plan& plan, const Problem& problem, int head_class, std::int64_t heads_in_class)
        : plan_(plan), problem_(problem), head_class_(head_class), heads_in_class_(heads_in_class) {}

    // Open a list whose tiles repeat; each append() until the next begin_list() goes into it.
    void begin_list(int pass, std::int64_t repeat_count = 1, std::int64_t row_shift = 0, std::int64_t key_shift = 0);

    // Query positions (ascending, any number) that share the runs. Splits into tiles of ≤ 128 rows, drops positions
    // before the first query, cuts runs by the problem's causality and the runs' own bands. Only the first of a list's
    // repeats is given; causality and bands look at differences, which the shifts keep.
    void append(std::span<const std::int64_t> positions, std::span<const KeyRun> runs);

private:
    void append_tile(std::span<const std::int64_t> positions, std::span<const KeyRun> runs);
    void append_run(std::span<const std::int64_t> positions, const KeyRun& run);
    void push_run(std::span<const std::int64_t> positions, KeyRun run, std::int64_t begin, std::int64_t end,
                  bool banded);

    Plan& plan_;
    Problem problem_;
    int head_class_;
    std::int64_t heads_in_class_;
};

// Tiles of a pattern whose rows all see the keys of one band (dense is the open band).
void append_band(PlanBuilder& builder, const Problem& problem, Band band);

} // namespace dilascope
