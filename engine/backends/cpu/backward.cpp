#include "engine/backends/cpu/backward.h"
#include "engine/backends/cpu/fill.h"
#include "engine/backends/cpu/forward.h"
#include "engine/backends/cpu/gradient_kernel.h"
#include "engine/backends/cpu/gradient_unit.h"
#include "engine/backends/cpu/tile_group.h"
#include "engine/infinity.h"
#include <algorithm>
#include <cmath>
#include <omp.h>

namespace dilascope {

namespace {

// One softmax and what its output weighs: of all branches together, or of one pass.
struct Softmax {
    const Plan& plan;
    const float* out;  // (B,N,H,D)
    const float* lse;  // (B,H,N)
    const float* dout; // (B,N,H,D)
};

void differentiate_group(const GradientCall& call, const Softmax& softmax, const GradientKernel& kernel,
                         const GradientUnit& unit, TileGroup group, GradientWorkspace& work) {
    const Problem& problem = *call.problem;
    const Plan& plan = softmax.plan;
    const std::int64_t first_query = problem.kv_len - problem.seq_len;
    const std::int64_t head = unit.items[std::size_t(group.begin)].head;
    std::array<TileRows, max_gradient_tiles> rows;
    std::array<std::array<float, max_tile_rows>, max_gradient_tiles> lse;
    std::array<std::span<const KeyRun>, max_gradient_tiles> runs;
    std::size_t tiles = 0;
    for (std::int64_t index = group.begin; index < group.begin + group.tile_count; ++index) {
        const WorkItem& item = unit.items[std::size_t(index)];
        rows[tiles].count = tile_rows(plan, item, rows[tiles].positions.data());
        if (rows[tiles].count == 0) continue; // a permuted tile before the first query
        runs[tiles] = runs_of(plan, item);
        for (std::size_t row = 0; row < std::size_t(rows[tiles].count); ++row) {
            const std::int64_t query = rows[tiles].positions[row] - first_query;
            rows[tiles].offsets[row] = query_offset(problem, unit.batch, query, head);
            lse[tiles][row] = softmax.lse[lse_offset(problem, unit.batch, head, query)];
        }
        ++tiles;
    }
    if (tiles == 0) return;
    const KeyShares shares = share_keys(std::span(runs).first(tiles));
    const std::int64_t key_shift = key_shift_of(plan, unit.items[std::size_t(group.begin)]);
    const KeyPlaces places{permuted_tokens(plan), nullptr, problem.causal && plan.order.is_permuted()};
    const auto feed_of = [&](std::span<const KeyRun> keys, std::size_t tile) {
        return KeyFeed(keys, key_shift, {rows[tile].positions.data(), std::size_t(rows[tile].count)}, places);
    };
    std::vector<TileKeys> keys_of_tiles = {{feed_of(shares.common, 0), 0, tiles}};
    for (std::size_t tile = 0; tile < tiles; ++tile)
        keys_of_tiles.push_back({feed_of(shares.own[tile], tile), tile, tile + 1});
    const std::int64_t keys = key_offset(problem, unit.batch, 0, unit.kv_head);
    const HeadTensors tensors = head_tensors(call, call.k, call.v, unit.batch, head);
    const HeadGradients gradients{softmax.out,
                                  softmax.dout,
                                  {call.dk + keys, unit.dk_copies},
                                  {call.dv + keys, unit.dv_copies},
                                  tensors.key_step,
                                  unit.copied.begin,
                                  unit.copy_number};
    kernel.differentiate({rows.data(), tiles}, {lse.data(), tiles}, tensors, gradients, keys_of_tiles, call.cancel,
                         work);
    if (call.is_cancelled()) return;
    for (std::size_t tile = 0; tile < tiles; ++tile)
        for (std::int64_t row = 0; row < rows[tile].count; ++row) {
            const float* from = work.tiles[tile].douts + row * work.dim_step;
            float* to = call.dq + rows[tile].offsets[std::size_t(row)]; // no other item of the pass has this row
#pragma omp simd
            for (std::int64_t d = 0; d < problem.head_dim; ++d) to[d] += from[d];
        }
}

// Adds the gradients of one pass to dq, dk and dv.
Result<void> differentiate_pass(const GradientCall& call, const Softmax& softmax, const GradientKernel& kernel,
                                int pass, std::span<GradientWorkspace> work) {
    const GradientUnits units = TRY(gradient_units(softmax.plan, pass));
    const std::size_t unit_count = units.all.size();
#pragma omp parallel for schedule(dynamic, 1) num_threads(int(work.size()))
    for (std::size_t index = 0; index < unit_count; ++index) {
        const GradientUnit& unit = units.all[unit_count - 1 - index]; // causal tiles grow along the sequence
        std::fill_n(unit.dk_copies, 2 * unit.copied.size() * call.problem->head_dim, 0.0f); // and dv's
        const std::vector<TileGroup> groups =
            group_items(softmax.plan, unit.items, gradient_tiles_per_group(call.problem->head_dim), share_most_keys);
        for (const TileGroup& group : groups)
            if (!call.is_cancelled())
                differentiate_group(call, softmax, kernel, unit, group, work[std::size_t(omp_get_thread_num())]);
    }
    add_copies(*call.problem, units, call.dk, call.dv);
    return {};
}

// A pass by itself: its output, its LSE, and dout times what the mix multiplies the output with.
struct OwnSoftmax {
    Buffer<float> out, lse, dout;
};

// Each branch's softmax stands for itself and enters out with a weight that has no gradient: 1/G, 1, or exp(L_b − L).
Result<void> differentiate_branch(const GradientCall& call, const Plan& plan, const GradientKernel& kernel, int pass,
                                  const OwnSoftmax& own, std::span<GradientWorkspace> work) {
    const Problem& problem = *call.problem;
    AttentionCall forward{call.problem, call.pattern,   &plan,          call.q,      call.k,
                          call.v,       own.out.data(), own.lse.data(), call.cancel, call.dropout};
    TRY(cpu_forward_pass(forward, TRY(tile_kernel()), pass));
    const bool is_stopgrad = call.plan->mix == MixMode::softmax_stopgrad;
    const float weight = call.plan->mix == MixMode::mean ? 1.0f / float(branch_count(*call.pattern)) : 1.0f;
#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t batch = 0; batch < problem.batch; ++batch)
        for (std::int64_t query = 0; query < problem.seq_len; ++query)
            for (std::int64_t head = 0; head < problem.heads; ++head) {
                const std::int64_t lse = lse_offset(problem, batch, head, query);
                const bool is_empty = own.lse[lse] == minus_infinity;
                const float share = is_empty ? 0 : is_stopgrad ? std::exp(own.lse[lse] - call.lse[lse]) : weight;
                const std::int64_t row = query_offset(problem, batch, query, head);
                for (std::int64_t d = row; d < row + problem.head_dim; ++d) own.dout[d] = share * call.dout[d];
            }
    return differentiate_pass(call, {plan, own.out.data(), own.lse.data(), own.dout.data()}, kernel, pass, work);
}

Result<void> differentiate_branches(const GradientCall& call, const GradientKernel& kernel,
                                    std::span<GradientWorkspace> work) {
    const Plan plan = TRY(make_branch_plan(*call.pattern, *call.problem));
    const OwnSoftmax own{TRY(Buffer<float>::allocate(query_elements(*call.problem), "cpu/branch_out")),
                         TRY(Buffer<float>::allocate(lse_elements(*call.problem), "cpu/branch_lse")),
                         TRY(Buffer<float>::allocate(query_elements(*call.problem), "cpu/branch_dout"))};
    for (int pass = 0; pass < plan.pass_count && !call.is_cancelled(); ++pass)
        TRY(differentiate_branch(call, plan, kernel, pass, own, work));
    return {};
}

} // namespace

Result<void> cpu_backward(const GradientCall& call) {
    const Problem& problem = *call.problem;
    const GradientKernel kernel = TRY(gradient_kernel());
    std::vector<GradientWorkspace> work;
    for (int thread = 0; thread < omp_get_max_threads(); ++thread)
        work.push_back(TRY(GradientWorkspace::allocate(problem.head_dim)));
    fill(call.dq, query_elements(problem), 0);
    fill(call.dk, key_elements(problem), 0);
    fill(call.dv, key_elements(problem), 0);
    if (call.plan->mix == MixMode::softmax) {
        for (int pass = 0; pass < call.plan->pass_count; ++pass)
            TRY(differentiate_pass(call, {*call.plan, call.out, call.lse, call.dout}, kernel, pass, work));
    } else {
        TRY(differentiate_branches(call, kernel, work));
    }
    if (call.is_cancelled()) return fail("cpu: cancelled before the last tile");
    return {};
}

} // namespace dilascope
