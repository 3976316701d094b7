#include "engine/plan/plan_builder.h"
#include <algorithm>
#include <array>

namespace dilascope {

void PlanBuilder::begin_list(int pass, std::int64_t repeat_count, std::int64_t row_shift, std::int64_t key_shift) {
    TileList list;
    list.head_class = head_class_, list.pass = pass;
    list.tiles_begin = std::int64_t(plan_.tiles.size());
    list.repeat_count = repeat_count, list.row_shift = row_shift, list.key_shift = key_shift;
    plan_.lists.push_back(list);
}

void PlanBuilder::append(std::span<const std::int64_t> positions, std::span<const KeyRun> runs) {
    const std::int64_t first_query = problem_.kv_len - problem_.seq_len;
    while (!positions.empty() && positions.front() < first_query) positions = positions.subspan(1);
    constexpr std::int64_t span_limit = std::int64_t{1} << 30; // row offsets are 32 bits
    while (!positions.empty()) {
        std::size_t count = std::min<std::size_t>(positions.size(), max_tile_rows);
        while (positions[count - 1] - positions.front() > span_limit) --count;
        append_tile(positions.first(count), runs);
        positions = positions.subspan(count);
    }
}

void PlanBuilder::append_tile(std::span<const std::int64_t> positions, std::span<const KeyRun> runs) {
    const bool is_banded = std::ranges::any_of(runs, [](const KeyRun& run) { return !run.band.is_full(); });
    if (plan_.order.is_permuted() && is_banded && positions.size() > 1) { // a row alone cuts its runs exactly
        for (std::size_t row = 0; row < positions.size(); ++row) append_tile(positions.subspan(row, 1), runs);
        return;
    }
    QueryTile tile;
    tile.first_row = positions.front();
    tile.row_count = std::int32_t(positions.size());
    tile.runs_begin = std::int64_t(plan_.runs.size());
    for (const KeyRun& run : runs) append_run(positions, run);
    tile.run_count = std::int32_t(std::int64_t(plan_.runs.size()) - tile.runs_begin);
    if (tile.run_count == 0) return; // rows that see no key: the output is 0, lse −inf

    const std::int64_t step = positions.size() > 1 ? positions[1] - positions[0] : 1;
    bool affine = true;
    for (std::size_t row = 1; row < positions.size(); ++row) affine &= positions[row] - positions[row - 1] == step;
    if (affine) {
        tile.row_stride = std::int32_t(step);
    } else {
        tile.row_stride = 0;
        tile.rows_begin = std::int64_t(plan_.row_offsets.size());
        for (std::int64_t position : positions) plan_.row_offsets.push_back(std::int32_t(position - tile.first_row));
    }
    plan_.tiles.push_back(tile);
    ++plan_.lists.back().tile_count;
}

// Cuts a run into the part below the band's inner edge, the part every row sees, and the part above.
void PlanBuilder::append_run(std::span<const std::int64_t> positions, const KeyRun& run) {
    Band band = run.band;
    if (problem_.causal) band.hi = std::min<std::int64_t>(band.hi, 0);
    const Residues keys{0, run.stride};
    const auto index_of = [&](std::int64_t key) { // first index whose key is ≥ `key`, within the run
        return std::clamp<std::int64_t>(first_index(keys, key - run.first), 0, run.count);
    };
    const std::int64_t first = positions.front(), last = positions.back();
    const std::int64_t begin = index_of(first + band.lo), end = index_of(last + band.hi + 1);
    const std::int64_t full_begin = std::max(begin, index_of(last + band.lo));
    const std::int64_t full_end = std::min(end, index_of(first + band.hi + 1));
    KeyRun cut = run;
    cut.band = band;
    if (full_begin < full_end) {
        push_run(positions, cut, begin, full_begin, true);
        push_run(positions, cut, full_begin, full_end, false);
        push_run(positions, cut, full_end, end, true);
    } else {
        push_run(positions, cut, begin, end, true);
    }
}

void PlanBuilder::push_run(std::span<const std::int64_t> positions, KeyRun run, std::int64_t begin, std::int64_t end,
                           bool banded) {
    if (begin >= end) return;
    run.first = run.key(begin);
    run.count = std::int32_t(end - begin);
    if (!banded) run.band = Band{};
    plan_.runs.push_back(run);

    const std::int64_t copies = heads_in_class_ * plan_.lists.back().repeat_count;
    plan_.tile_pairs += copies * std::int64_t(positions.size()) * run.count;
    std::int64_t pairs = std::int64_t(positions.size()) * run.count;
    if (banded) {
        pairs = 0;
        const Residues keys{0, run.stride};
        for (std::int64_t position : positions) {
            const std::int64_t low = first_index(keys, position + run.band.lo - run.first);
            const std::int64_t high = first_index(keys, position + run.band.hi + 1 - run.first);
            pairs += std::max<std::int64_t>(0, std::clamp<std::int64_t>(high, 0, run.count) -
                                                   std::clamp<std::int64_t>(low, 0, run.count));
        }
    }
    plan_.multiplicity += copies * pairs;
}

void append_band(PlanBuilder& builder, const Problem& problem, Band band) {
    constexpr std::int64_t longest_run = std::int64_t{1} << 30;
    const bool every_key = band.is_full() && !problem.causal;
    const std::int64_t first_query = problem.kv_len - problem.seq_len;
    const std::int64_t full_tiles = problem.seq_len / max_tile_rows;

    const auto append_rows = [&](Range rows) {
        std::array<std::int64_t, max_tile_rows> positions;
        for (std::int64_t row = rows.begin; row < rows.end; ++row) positions[std::size_t(row - rows.begin)] = row;
        const Range keys = intersect({0, problem.kv_len}, {rows.begin + band.lo, rows.end + band.hi});
        std::vector<KeyRun> runs;
        for (std::int64_t key = keys.begin; key < keys.end; key += longest_run)
            runs.push_back({key, 1, std::int32_t(std::min(longest_run, keys.end - key)), 0, band});
        builder.append(std::span(positions).first(std::size_t(rows.size())), runs);
    };

    if (every_key && full_tiles > 0) { // all tiles alike: keep one
        builder.begin_list(0, full_tiles, max_tile_rows, 0);
        append_rows({first_query, first_query + max_tile_rows});
    }
    builder.begin_list(0);
    const std::int64_t begin = every_key ? first_query + full_tiles * max_tile_rows : first_query;
    for (std::int64_t row = begin; row < problem.kv_len; row += max_tile_rows)
        append_rows({row, std::min(row + max_tile_rows, problem.kv_len)});
}

} // namespace dilascope
