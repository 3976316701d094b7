#include "engine/plan/plan_work.h"
#include "engine/plan/key_parts.h"
#include <algorithm>
#include <cmath>

namespace dilascope {

namespace {

// The kernel works on whole vectors of rows, of 16 floats in the widest set; a band's edge costs half of one at either
// end of a key's rows.
constexpr double lanes = 16;
double padded(double rows) { return double(std::int64_t((rows + lanes - 1) / lanes)) * lanes; }

template <class T> double bytes_of(const std::vector<T>& values) { return double(values.size()) * sizeof(T); }

} // namespace

PlanWork work_of(const Plan& plan) {
    PlanWork work;
    const double block_keys = keys_per_block(plan.problem.head_dim); // open runs first, then banded ones
    double open_pairs = 0, open_padded = 0, banded_padded = 0, banded_keys = 0, most_keys = 0;
    std::vector<double> pass_tiles(std::size_t(std::max(1, plan.pass_count)), 0.0);
    for (const TileList& list : plan.lists) {
        const double copies = double(list.repeat_count) * double(plan.class_heads[std::size_t(list.head_class)].size());
        work.tiles += copies * double(list.tile_count);
        pass_tiles[std::size_t(list.pass)] += copies * double(list.tile_count);
        for (std::int64_t index = list.tiles_begin; index < list.tiles_begin + list.tile_count; ++index) {
            const QueryTile& tile = plan.tiles[std::size_t(index)];
            const double rows = tile.row_count, vectors = padded(rows);
            double tile_pairs = 0, open_keys = 0, edge_keys = 0;
            for (std::int64_t run = tile.runs_begin; run < tile.runs_begin + tile.run_count; ++run) {
                const double keys = plan.runs[std::size_t(run)].count;
                work.gathered_keys += copies * keys;
                tile_pairs += vectors * keys;
                if (plan.runs[std::size_t(run)].band.is_full()) {
                    open_keys += keys;
                    open_pairs += copies * rows * keys;
                    open_padded += copies * vectors * keys;
                } else {
                    edge_keys += keys;
                    banded_padded += copies * vectors * keys;
                    banded_keys += copies * keys;
                }
            }
            work.block_rows +=
                copies * vectors * (1 + std::ceil(open_keys / block_keys) + std::ceil(edge_keys / block_keys));
            work.largest_tile = std::max(work.largest_tile, tile_pairs);
            most_keys = std::max(most_keys, open_keys + edge_keys);
        }
    }
    // The plan counts exactly; what is not in open runs is in banded ones.
    const double seen = double(plan.multiplicity), banded_pairs = std::max(0.0, seen - open_pairs);
    const double banded_done =
        std::clamp(banded_pairs + lanes * banded_keys, banded_pairs, std::max(banded_padded, banded_pairs));
    work.banded_scores = banded_padded;
    work.pairs = std::max(open_padded + banded_done, seen);
    work.padding_pairs = open_padded - open_pairs;
    work.masked_pairs = std::max(0.0, work.pairs - seen - work.padding_pairs);
    work.queue_tiles = *std::max_element(pass_tiles.begin(), pass_tiles.end());
    const auto parts = double(key_parts(std::int64_t(work.queue_tiles) * plan.problem.batch, std::int64_t(most_keys)));
    work.queue_tiles *= parts, work.largest_tile /= parts;
    return work;
}

double plan_bytes(const Plan& plan) {
    double bytes = sizeof plan + bytes_of(plan.lists) + bytes_of(plan.tiles) + bytes_of(plan.row_offsets) +
                   bytes_of(plan.runs) + bytes_of(plan.head_classes);
    for (const std::vector<std::int64_t>& heads : plan.class_heads) bytes += bytes_of(heads);
    return bytes;
}

} // namespace dilascope
