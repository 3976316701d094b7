#include "engine/backends/cuda/launch_plan.h"
#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <map>

namespace dilascope {

namespace {

constexpr std::int64_t most_keys = std::numeric_limits<std::int32_t>::max() - 1024; // a block past the end still counts

// Builds the arrays; a tile of the plan that several items share is stored once.
class LaunchPlanBuilder {
public:
    LaunchPlanBuilder(const Plan& plan, int rows)
        : plan_(plan), rows_(rows), is_token_causal_(plan.order.is_permuted() && plan.problem.causal) {}

    Result<void> add(const WorkItem& item) {
        const TileList& list = plan_.lists[std::size_t(item.list)];
        launch_.first_item.push_back(std::int32_t(launch_.items.size()));
        LaunchItem launched;
        std::int32_t tile = 0;
        if (plan_.order.is_permuted()) {
            tile = TRY(permuted_tile(item));
        } else {
            tile = TRY(shared_tile(item.tile));
            launched.row_shift = item.repeat * list.row_shift;
        }
        launched.key_shift = item.repeat * list.key_shift;
        launched.tile = tile;
        launched.head = std::int32_t(item.head);
        const std::int32_t row_count = launch_.tiles[std::size_t(tile)].row_count;
        for (; launched.row_begin < row_count; launched.row_begin += rows_) launch_.items.push_back(launched);
        rows_added_ += row_count;
        return {};
    }

    LaunchPlan finish() {
        launch_.first_item.push_back(std::int32_t(launch_.items.size()));
        launch_.covers_all_rows = rows_added_ == plan_.problem.seq_len * plan_.problem.heads;
        return std::move(launch_);
    }

private:
    // A tile as the plan has it.
    Result<std::int32_t> shared_tile(std::int64_t index) {
        const auto [found, is_new] = tile_of_plan_.try_emplace(index, std::int32_t(launch_.tiles.size()));
        if (!is_new) return found->second;
        const QueryTile& tile = plan_.tiles[std::size_t(index)];
        LaunchTile launched = TRY(with_keys(tile));
        launched.first_row = tile.first_row;
        launched.row_stride = tile.row_stride;
        launched.row_count = tile.row_count;
        if (tile.row_stride == 0) {
            launched.rows_begin = std::int64_t(launch_.row_offsets.size());
            const auto from = plan_.row_offsets.begin() + tile.rows_begin;
            launch_.row_offsets.insert(launch_.row_offsets.end(), from, from + tile.row_count);
        }
        launch_.tiles.push_back(launched);
        return found->second;
    }

    // A tile of ranks: its rows become the tokens at these ranks, ascending, so that causality leaves each key one
    // range of rows.
    Result<std::int32_t> permuted_tile(const WorkItem& item) {
        const auto [found, is_new] =
            tile_of_repeat_.try_emplace({item.tile, item.repeat}, std::int32_t(launch_.tiles.size()));
        if (!is_new) return found->second;
        std::array<std::int64_t, max_tile_rows> positions;
        const int count = tile_rows(plan_, item, positions.data());
        LaunchTile launched = TRY(with_keys(plan_.tiles[std::size_t(item.tile)]));
        launched.row_stride = 0;
        launched.row_count = count;
        launched.rows_begin = std::int64_t(launch_.row_offsets.size());
        for (int row = 0; row < count; ++row) launch_.row_offsets.push_back(std::int32_t(positions[std::size_t(row)]));
        launch_.tiles.push_back(launched);
        return found->second;
    }

    // A tile's keys, numbered: first the runs that every row sees, then the banded ones.
    Result<LaunchTile> with_keys(const QueryTile& tile) {
        const auto [found, is_new] = keys_of_runs_.try_emplace({tile.runs_begin, tile.run_count});
        if (!is_new) return found->second;
        LaunchTile launched;
        launched.runs_begin = std::int32_t(launch_.runs.size());
        launched.run_count = tile.run_count;
        std::int64_t number = 0;
        for (const bool is_banded : {false, true}) {
            for (std::int32_t index = 0; index < tile.run_count; ++index) {
                const KeyRun& run = plan_.runs[std::size_t(tile.runs_begin + index)];
                if ((is_token_causal_ || !run.band.is_full()) != is_banded) continue;
                launch_.runs.push_back(numbered(run, number, is_banded));
                number += run.count;
            }
            if (number > most_keys)
                return fail(fmt::format("cuda: a tile of the plan reads {} keys; a launch numbers at most {}", number,
                                        most_keys));
            if (!is_banded) launched.full_key_count = std::int32_t(number);
        }
        launched.key_count = std::int32_t(number);
        return found->second = launched;
    }

    LaunchRun numbered(const KeyRun& run, std::int64_t number, bool is_banded) const {
        const Band band = is_token_causal_ ? Band{-Band::open, 0} : run.band;
        return {run.first, band.lo, band.hi, run.stride, std::int32_t(number), run.count, is_banded};
    }

    const Plan& plan_;
    const int rows_;
    const bool is_token_causal_;
    LaunchPlan launch_;
    std::int64_t rows_added_ = 0;
    std::map<std::int64_t, std::int32_t> tile_of_plan_;
    std::map<std::pair<std::int64_t, std::int64_t>, std::int32_t> tile_of_repeat_; // by tile and repeat
    std::map<std::pair<std::int64_t, std::int32_t>, LaunchTile> keys_of_runs_; // by runs_begin, run_count; without rows
};

} // namespace

Result<LaunchPlan> launch_plan(const Plan& plan, std::span<const WorkItem> items, int rows) {
    LaunchPlanBuilder builder(plan, rows);
    for (const WorkItem& item : items) TRY(builder.add(item));
    return builder.finish();
}

Result<LaunchPlan> launch_plan(const Plan& plan, int pass, int rows) {
    std::vector<WorkItem> items = work_items(plan, pass);
    // From the last to the first: causal tiles grow along the sequence, and the long ones should not come last. Tiles
    // in the order of a curve stay in it.
    if (plan.order.order.use != OrderUse::schedule || plan.order.token_of_rank.empty())
        std::reverse(items.begin(), items.end());
    return launch_plan(plan, items, rows);
}

int rows_wanted(const Plan& plan) {
    double tall = 0; // of plan.tile_pairs, those in tiles of more than 64 rows
    for (const TileList& list : plan.lists) {
        const double copies = double(list.repeat_count) * double(plan.class_heads[std::size_t(list.head_class)].size());
        for (std::int64_t index = list.tiles_begin; index < list.tiles_begin + list.tile_count; ++index) {
            const QueryTile& tile = plan.tiles[std::size_t(index)];
            if (tile.row_count > 64) tall += copies * double(tile_pairs(plan, tile));
        }
    }
    return tall > 0 && tall * 2 >= double(plan.tile_pairs) ? 128 : 64;
}

} // namespace dilascope
