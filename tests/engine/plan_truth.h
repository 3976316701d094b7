#pragma once
// Hand-made plans, and what a plan means in float64: for tests of kernels on plans that no pattern makes.
#include "engine/plan/plan.h"
#include <cmath>
#include <limits>
#include <vector>

namespace dilascope {

// A plan of one tile list for all heads; tiles are added with their rows and runs.
struct HandPlan {
    Plan plan;
    explicit HandPlan(const Problem& problem, MixMode mix = MixMode::softmax, int pass_count = 1) {
        plan.problem = problem;
        plan.mix = mix;
        plan.pass_count = pass_count;
        plan.head_classes.assign(std::size_t(problem.heads), 0);
        plan.class_heads.emplace_back();
        for (std::int64_t head = 0; head < problem.heads; ++head) plan.class_heads[0].push_back(head);
    }
    void begin_list(int pass, std::int64_t repeat_count = 1, std::int64_t row_shift = 0, std::int64_t key_shift = 0) {
        plan.lists.push_back({0, pass, std::int64_t(plan.tiles.size()), 0, repeat_count, row_shift, key_shift});
    }
    void add_runs(QueryTile tile, const std::vector<KeyRun>& runs) {
        tile.runs_begin = std::int64_t(plan.runs.size());
        tile.run_count = std::int32_t(runs.size());
        plan.runs.insert(plan.runs.end(), runs.begin(), runs.end());
        plan.tiles.push_back(tile);
        ++plan.lists.back().tile_count;
    }
    void add_affine(std::int64_t first_row, std::int32_t stride, std::int32_t count, const std::vector<KeyRun>& runs) {
        add_runs({first_row, stride, count, 0, 0, 0}, runs);
    }
    void add_listed(const std::vector<std::int64_t>& rows, const std::vector<KeyRun>& runs) {
        QueryTile tile{rows.front(), 0, std::int32_t(rows.size()), std::int64_t(plan.row_offsets.size()), 0, 0};
        for (std::int64_t row : rows) plan.row_offsets.push_back(std::int32_t(row - rows.front()));
        add_runs(tile, runs);
    }
};

struct PlanTruth {
    std::vector<float> out, lse;
};

// Softmax of one pass in float64. out (B,N,H,D) and lse (B,H,N) hold 0 and −inf where the pass has no key.
inline PlanTruth pass_truth(const Plan& plan, int pass, const float* q, const float* k, const float* v) {
    const Problem& p = plan.problem;
    PlanTruth truth{std::vector<float>(std::size_t(query_elements(p)), 0.0f),
                    std::vector<float>(std::size_t(lse_elements(p)), -std::numeric_limits<float>::infinity())};
    for (const WorkItem& item : work_items(plan, pass)) {
        const QueryTile& tile = plan.tiles[std::size_t(item.tile)];
        const std::int64_t key_shift = item.repeat * plan.lists[std::size_t(item.list)].key_shift;
        std::vector<std::int64_t> rows(std::size_t(tile.row_count));
        tile_rows(plan, item, rows.data());
        for (std::int64_t b = 0; b < p.batch; ++b)
            for (std::int64_t position : rows) {
                const std::int64_t n = position - (p.kv_len - p.seq_len), group = kv_head(p, item.head);
                const float* query = q + query_offset(p, b, n, item.head);
                double sum = 0;
                std::vector<double> mean(std::size_t(p.head_dim), 0.0);
                for (std::int64_t index = tile.runs_begin; index < tile.runs_begin + tile.run_count; ++index) {
                    const KeyRun& run = plan.runs[std::size_t(index)];
                    for (std::int64_t m = 0; m < run.count; ++m) {
                        const std::int64_t key = run.key(m) + key_shift;
                        if (!run.band.contains(key - position)) continue;
                        double score = 0;
                        for (std::int64_t d = 0; d < p.head_dim; ++d)
                            score += double(query[d]) * double(k[key_offset(p, b, key, group) + d]);
                        const double weight = std::exp(score * softmax_scale(p)); // small scores: no shift needed
                        sum += weight;
                        for (std::int64_t d = 0; d < p.head_dim; ++d)
                            mean[std::size_t(d)] += weight * double(v[key_offset(p, b, key, group) + d]);
                    }
                }
                if (sum == 0) continue;
                truth.lse[std::size_t(lse_offset(p, b, item.head, n))] = float(std::log(sum));
                for (std::int64_t d = 0; d < p.head_dim; ++d)
                    truth.out[std::size_t(query_offset(p, b, n, item.head) + d)] = float(mean[std::size_t(d)] / sum);
            }
    }
    return truth;
}

} // namespace dilascope
