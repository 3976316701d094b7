#include "engine/backends/cpu/forward.h"
#include "engine/backends/cpu/empty_rows.h"
#include "engine/backends/cpu/fill.h"
#include "engine/backends/cpu/forward_work.h"
#include "engine/backends/cpu/part_rows.h"
#include "engine/backends/merge.h"
#include "engine/infinity.h"
#include <algorithm>
#include <atomic>
#include <memory>
#include <omp.h>
#include <optional>

namespace dilascope {

namespace {

// Keys and values as the kernel reads them: the caller's, or copies stored along the curve of an order used as layout.
struct StoredKeys {
    const std::byte *k = nullptr, *v = nullptr;
    Buffer<std::byte> k_copy, v_copy;
    std::vector<std::int32_t> rank_of_token; // of copies
    const std::int32_t* place_of_token() const { return rank_of_token.empty() ? nullptr : rank_of_token.data(); }
};

Result<StoredKeys> store_keys(const AttentionCall& call) {
    const Problem& problem = *call.problem;
    const PlanOrder& order = call.plan->order;
    StoredKeys stored{static_cast<const std::byte*>(call.k), static_cast<const std::byte*>(call.v), {}, {}, {}};
    if (order.token_of_rank.empty() || order.order.use != OrderUse::layout) return stored;
    if (!call.dropout.is_off()) return stored; // which asks for tokens, not for where they are stored
    const auto element = std::int64_t(dtype_bytes(problem.dtype));
    stored.k_copy = TRY(Buffer<std::byte>::allocate(key_elements(problem) * element, "cpu/ordered_keys"));
    stored.v_copy = TRY(Buffer<std::byte>::allocate(key_elements(problem) * element, "cpu/ordered_values"));
    const std::int64_t row_bytes = problem.kv_heads * problem.head_dim * element;
#pragma omp parallel for schedule(static)
    for (std::int64_t to = 0; to < problem.batch * problem.kv_len; ++to) {
        const std::int64_t rank = to % problem.kv_len;
        const std::int64_t from = to - rank + order.token_of_rank[std::size_t(rank)];
        std::copy_n(stored.k + from * row_bytes, row_bytes, stored.k_copy.data() + to * row_bytes);
        std::copy_n(stored.v + from * row_bytes, row_bytes, stored.v_copy.data() + to * row_bytes);
    }
    stored.k = stored.k_copy.data(), stored.v = stored.v_copy.data();
    stored.rank_of_token = inverse_permutation(order.token_of_rank);
    return stored;
}

// The tiles of a job, those with rows: row r of several heads stands r·heads + head.
struct JobTiles {
    std::vector<HeadTile> tiles;
    std::vector<const WorkItem*> items; // of each tile the first
};

JobTiles tiles_of(const AttentionCall& call, const StoredKeys& stored, const ForwardWork& work, const ForwardJob& job) {
    const Problem& problem = *call.problem;
    const std::int64_t first_query = problem.kv_len - problem.seq_len, heads = job.group.items_per_tile;
    JobTiles of_job;
    of_job.tiles.reserve(std::size_t(job.group.tile_count));
    for (std::int64_t index = 0; index < job.group.item_count(); ++index) {
        const WorkItem& item = work.items[std::size_t(job.group.begin + index)];
        const std::int64_t place = index % heads;
        std::array<std::int64_t, max_tile_rows> positions;
        const int rows = tile_rows(*call.plan, item, positions.data());
        if (rows == 0) continue; // a permuted tile before the first query
        if (place == 0) {
            of_job.tiles.emplace_back().head = head_tensors(call, stored.k, stored.v, job.batch, item.head);
            of_job.items.push_back(&item);
        }
        TileRows& tile = of_job.tiles.back().rows;
        tile.count = int(rows * heads);
        for (std::int64_t row = 0; row < rows; ++row) {
            const std::int64_t position = positions[std::size_t(row)];
            tile.positions[std::size_t(row * heads + place)] = position;
            tile.offsets[std::size_t(row * heads + place)] =
                query_offset(problem, job.batch, position - first_query, item.head);
        }
    }
    return of_job;
}

// Adds what a kernel made of a row to the call's.
void merge_into_call(const AttentionCall& call, MergeRule rule, std::int64_t offset, const float* out, float lse) {
    merge_row(rule, out, lse, call.problem->head_dim, call.out + offset,
              call.lse + lse_offset_of_query(*call.problem, offset));
}

// One job made ready, with its index; null where it has no rows.
struct ReadyJob {
    std::int64_t index = 0;
    std::unique_ptr<TileJob> tiles;
};

// What the tiles of a job see; the same tile of several heads together.
std::vector<TileRuns> runs_of_tiles(const Plan& plan, const ForwardWork& work, const ForwardJob& job,
                                    std::span<const WorkItem* const> items) {
    std::vector<TileRuns> all;
    for (std::size_t tile = 0; tile < items.size(); ++tile) {
        const WorkItem &first = *items[all.empty() ? 0 : all.back().begin], &item = *items[tile];
        if (!all.empty() && first.tile == item.tile && first.repeat == item.repeat) {
            all.back().end = tile + 1;
            continue;
        }
        const std::int64_t block = keys_per_block(plan.problem.head_dim);
        all.push_back({runs_of_part(runs_of(plan, item), job.part, work.parts, block), tile, tile + 1});
    }
    return all;
}

ReadyJob make_job(const AttentionCall& call, const StoredKeys& stored, const ForwardWork& work, std::int64_t index) {
    const Plan& plan = *call.plan;
    const ForwardJob job = work.job(index);
    JobTiles of_job = tiles_of(call, stored, work, job);
    if (of_job.tiles.empty()) return {index, nullptr};
    const KeyPlaces places{permuted_tokens(plan), stored.place_of_token(),
                           call.problem->causal && plan.order.is_permuted()};
    const std::int64_t key_shift = key_shift_of(plan, *of_job.items.front());
    return {index, std::make_unique<TileJob>(std::move(of_job.tiles), runs_of_tiles(plan, work, job, of_job.items),
                                             key_shift, places)};
}

void run_job(const AttentionCall& call, const TileKernel& kernel, const ForwardWork& work, const ReadyJob& job,
             const TileJob* upcoming, MergeRule rule, PartRows& part_rows, TileWorkspace& space) {
    const Problem& problem = *call.problem;
    if (!job.tiles) return;
    kernel.attend_for(problem.dtype, problem.head_dim, work.rows_max)(*job.tiles, upcoming, call.cancel, space);
    if (call.is_cancelled()) return;
    for (std::size_t tile = 0; tile < job.tiles->tiles().size(); ++tile) {
        const TileRows& rows = job.tiles->tiles()[tile].rows;
        for (std::int64_t row = 0; row < rows.count; ++row) {
            const float* out = space.tiles[tile].queries + row * space.dim_step;
            const float lse = space.tiles[tile].row_max[row];
            if (work.parts > 1)
                part_rows.store(job.index, tile, row, out, lse);
            else
                merge_into_call(call, rule, rows.offsets[std::size_t(row)], out, lse);
        }
    }
}

void merge_parts(const AttentionCall& call, const StoredKeys& stored, const ForwardWork& work,
                 const PartRows& part_rows, MergeRule rule) {
    const std::int64_t jobs = work.job_count() / work.parts;
#pragma omp parallel for schedule(dynamic, 1)
    for (std::int64_t job = 0; job < jobs; ++job) {
        std::array<float, 256> out; // ≥ head_dim
        const std::vector<HeadTile> tiles = tiles_of(call, stored, work, work.job(job)).tiles;
        for (std::size_t tile = 0; tile < tiles.size(); ++tile)
            for (std::int64_t row = 0; row < tiles[tile].rows.count; ++row) {
                const float lse = part_rows.merge(job, tile, row, out.data());
                merge_into_call(call, rule, tiles[tile].rows.offsets[std::size_t(row)], out.data(), lse);
            }
    }
}

Result<void> run_pass(const AttentionCall& call, const StoredKeys& stored, const TileKernel& kernel, int pass,
                      MergeRule rule, std::span<TileWorkspace> space) {
    const ForwardWork work = forward_work(call, pass, space.size());
    PartRows part_rows;
    if (work.parts > 1) part_rows = TRY(PartRows::allocate(work, call.problem->head_dim));
    if (rule.kind == MergeRule::replace) clear_empty_rows(call, work, kernel);
    std::atomic<std::int64_t> left = work.job_count();
    // From the last to the first: causal tiles grow along the sequence, and the long ones should not come last. A
    // thread takes its next job before the one at hand, to fetch its first rows; not of the last few, for others may be
    // idle.
    const std::int64_t last_few = 4 * std::int64_t(space.size());
#pragma omp parallel num_threads(int(space.size()))
    {
        const auto take = [&](std::int64_t keep) -> std::optional<ReadyJob> {
            if (left.load() <= keep || call.is_cancelled()) return std::nullopt;
            const std::int64_t index = left.fetch_sub(1) - 1;
            return index < 0 ? std::nullopt : std::optional(make_job(call, stored, work, index));
        };
        for (std::optional<ReadyJob> job = take(0); job;) {
            std::optional<ReadyJob> upcoming = take(last_few);
            run_job(call, kernel, work, *job, upcoming ? upcoming->tiles.get() : nullptr, rule, part_rows,
                    space[std::size_t(omp_get_thread_num())]);
            job = upcoming ? std::move(upcoming) : take(0);
        }
    }
    if (work.parts > 1 && !call.is_cancelled()) merge_parts(call, stored, work, part_rows, rule);
    return {};
}

Result<void> run_passes(const AttentionCall& call, const TileKernel& kernel, Range passes, MergeRule rule) {
    std::vector<TileWorkspace> work;
    for (int thread = 0; thread < omp_get_max_threads(); ++thread)
        work.push_back(TRY(TileWorkspace::allocate(call.problem->head_dim)));
    const StoredKeys stored = TRY(store_keys(call));
    fill(call.lse, lse_elements(*call.problem), minus_infinity);
    if (rule.kind != MergeRule::replace) fill(call.out, query_elements(*call.problem), 0); // passes are merged into it
    for (std::int64_t pass = passes.begin; pass < passes.end; ++pass)
        TRY(run_pass(call, stored, kernel, int(pass), rule, work));
    if (call.is_cancelled()) return fail("cpu: cancelled before the last tile");
    return {};
}

} // namespace

Result<void> cpu_forward(const AttentionCall& call, const TileKernel& kernel) {
    return run_passes(call, kernel, {0, call.plan->pass_count}, merge_rule(*call.plan, branch_count(*call.pattern)));
}

Result<void> cpu_forward_pass(const AttentionCall& call, const TileKernel& kernel, int pass) {
    return run_passes(call, kernel, {pass, pass + 1}, {});
}

} // namespace dilascope
