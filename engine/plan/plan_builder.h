#pragma once
// PlanBuilder: what a pattern kind appends its tiles to. It clips to the queries that exist, applies causality and counts.
#include "engine/plan/plan.h"
#include <span>

namespace dilascope {

class PlanBuilder {
public:
    PlanBuilder(Plan& plan, int head_class, int heads_in_class);

    // Open a list whose tiles repeat; each append() until the next begin_list() goes into it.
    void begin_list(int pass, std::int64_t repeat_count = 1, std::int64_t row_shift = 0, std::int64_t key_shift = 0);

    // Query positions (ascending, any number) that share the runs. Splits into tiles of ≤ 128 rows, drops positions
    // before the first query, cuts runs by the problem's causality and the runs' own bands.
    void append(std::span<const std::int64_t> positions, std::span<const KeyRun> runs);

private:
    void append_tile(std::span<const std::int64_t> positions, std::span<const KeyRun> runs);
    void append_run(std::span<const std::int64_t> positions, KeyRun run);
    Plan& plan_;
    int head_class_, heads_in_class_;
};

}  // namespace dilascope
