#include "views/branch_shares.h"
#include "engine/weights.h"
#include "experiments/inputs.h"
#include "views/number_format.h"
#include "views/pattern_image.h"
#include "views/theme.h"
#include <cmath>
#include <fmt/format.h>
#include <numeric>

namespace dilascope {

namespace {

Result<BranchShares> try_scores(const SharesRequest& request, const Qkv& tensors, const CancelFlag* cancel,
                                std::atomic<float>* progress) {
    Inputs inputs; // cuts the tensors to the problem's shapes
    Case config;
    config.input = tensors.source;
    const Qkv* held = TRY(inputs.of(config, request.problem, &tensors, cancel));
    const Plan plan = TRY(make_plan(request.pattern, request.problem));
    BranchShares shares;
    shares.queries_per_row = affordable_queries(plan, request.rows);
    const std::vector<std::int64_t> edges = pixel_edges(request.queries, request.rows);
    std::vector<std::int64_t> queries;
    std::vector<std::size_t> row_begin{0}; // index of each pixel row's first query
    for (std::size_t row = 0; row + 1 < edges.size(); ++row) {
        for (std::int64_t query : shown_queries({edges[row], edges[row + 1]}, shares.queries_per_row))
            queries.push_back(query);
        row_begin.push_back(queries.size());
    }
    SharesCall call;
    call.problem = &request.problem, call.plan = &plan, call.head = request.head;
    call.q = held->q.data(), call.k = held->k.data();
    call.queries = queries, call.branches = branch_count(request.pattern);
    call.cancel = cancel, call.progress = progress;
    const std::vector<double> of_queries = TRY(branch_shares(call));
    const std::size_t branches = std::size_t(call.branches);
    shares.share.assign(std::size_t(request.rows) * branches, 0.f);
    for (std::size_t row = 0; row + 1 < row_begin.size(); ++row)
        for (std::size_t index = row_begin[row]; index < row_begin[row + 1]; ++index)
            for (std::size_t branch = 0; branch < branches; ++branch)
                shares.share[row * branches + branch] +=
                    float(of_queries[index * branches + branch] / double(row_begin[row + 1] - row_begin[row]));
    return shares;
}

} // namespace

bool mixes_branches(const Pattern& pattern) {
    return std::holds_alternative<Dilated>(pattern.kind) && branch_count(pattern) > 1 &&
           is_joint_softmax(mix_mode(pattern));
}

BranchShares count_shares(const SharesRequest& request, const CancelFlag* cancel) {
    const std::size_t branches = std::size_t(branch_count(request.pattern)), rows = std::size_t(request.rows);
    BranchShares shares;
    shares.share.assign(rows * branches, 0.f);
    std::vector<double> grid(rows), all(rows, 0.0);
    const Region region{request.queries, {0, request.problem.kv_len}};
    std::vector<std::vector<double>> of_branch;
    for (std::size_t branch = 0; branch < branches; ++branch) {
        if (cancel && cancel->load(std::memory_order_relaxed)) return shares;
        density_grid(request.pattern, request.problem, request.head, region, request.rows, 1, grid,
                     {Count::branch_pairs, int(branch)});
        of_branch.push_back(grid);
        for (std::size_t row = 0; row < rows; ++row) all[row] += grid[row];
    }
    for (std::size_t branch = 0; branch < branches; ++branch)
        for (std::size_t row = 0; row < rows; ++row)
            if (all[row] > 0) shares.share[row * branches + branch] = float(of_branch[branch][row] / all[row]);
    return shares;
}

BranchShares score_shares(const SharesRequest& request, const Qkv& tensors, const CancelFlag* cancel,
                          std::atomic<float>* progress) {
    Result<BranchShares> scored = try_scores(request, tensors, cancel, progress);
    if (scored) return std::move(*scored);
    BranchShares shares = count_shares(request, cancel);
    shares.error = scored.error().what;
    return shares;
}

std::vector<std::uint32_t> paint_shares(const BranchShares& shares, std::int64_t rows) {
    std::vector<std::uint32_t> rgba(std::size_t(rows * shares_columns), 0);
    const std::size_t branches = rows > 0 ? shares.share.size() / std::size_t(rows) : 0;
    for (std::size_t row = 0; row < std::size_t(rows); ++row) {
        double sum = 0;
        std::int64_t begin = 0;
        for (std::size_t branch = 0; branch < branches; ++branch) {
            sum += double(shares.share[row * branches + branch]);
            const std::int64_t end = std::min(shares_columns, std::int64_t(std::llround(sum * double(shares_columns))));
            const Colour colour = branch_colour(int(branch));
            for (; begin < end; ++begin) rgba[row * std::size_t(shares_columns) + std::size_t(begin)] = packed(colour);
        }
    }
    return rgba;
}

std::vector<std::string> share_lines(const Pattern& pattern, std::span<const std::int64_t> branch_keys,
                                     std::span<const float> scored) {
    std::vector<std::string> lines;
    const std::int64_t all = std::accumulate(branch_keys.begin(), branch_keys.end(), std::int64_t{0});
    for (std::size_t branch = 0; branch < branch_keys.size(); ++branch) {
        if (branch_keys[branch] == 0) continue;
        std::string line =
            fmt::format("{}: {} ÷ {} keys = {}", branch_label(pattern, int(branch)), format_count(branch_keys[branch]),
                        format_count(all), format_percent(double(branch_keys[branch]) / double(all)));
        if (!scored.empty()) line += " · scores " + format_percent(double(scored[branch]));
        lines.push_back(line);
    }
    return lines;
}

} // namespace dilascope
