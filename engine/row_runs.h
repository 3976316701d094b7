#pragma once
// RowRuns: the keys that chosen rows of one head see, as runs.
#include "engine/analysis/head_tiles.h"
#include <span>
#include <vector>

namespace dilascope {

class RowRuns {
public:
    // Of query positions, ascending; walks the tiles of the head's class once.
    RowRuns(const Plan& plan, std::int64_t head, const std::vector<std::int64_t>& positions);
    // Of the position of that index. Keys are as the plan has them: ranks where it is permuted, and there a causal band
    // does not cut the runs.
    std::span<const RowRun> runs(std::size_t index) const { return runs_[index]; }

private:
    struct Row {
        std::int64_t row;  // as the plan's tiles have it
        std::size_t index; // of the caller's position
    };
    bool holds(const QueryTile& tile, std::int64_t offset) const;
    void take_tile(const HeadTiles& tiles, const QueryTile& tile, std::int64_t row_shift, std::int64_t key_shift);

    const Plan& plan_;
    std::vector<Row> rows_;
    std::vector<std::vector<RowRun>> runs_;
};

} // namespace dilascope
