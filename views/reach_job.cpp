#include "views/reach_job.h"
#include "views/number_format.h"
#include <fmt/format.h>
#include <numeric>

namespace dilascope {

namespace {

constexpr std::size_t ranges_kept = 3; // of each kind of hole

std::vector<std::int64_t> all_heads(const Problem& problem) {
    std::vector<std::int64_t> heads(std::size_t(problem.heads), 0);
    std::iota(heads.begin(), heads.end(), 0);
    return heads;
}

std::int64_t queries_per_pixel(std::int64_t tokens) { return tokens <= 2048 ? 8 : tokens <= reach_tokens_max ? 2 : 1; }

Result<void> walk_stack(const ReachRequest& request, const Plan& plan, ReachAnswer& answer, const CancelFlag* cancel) {
    Plan other_plan;
    std::shared_ptr<const Plan> other;
    if (request.other) {
        other_plan = TRY(make_plan(*request.other, request.problem));
        other = TRY(in_token_order(other_plan));
    }
    std::vector<Layer> layers(std::size_t(request.layers), {&plan, all_heads(request.problem)});
    for (std::size_t below = 1; other && below < layers.size(); below += 2)
        layers[layers.size() - 1 - below].plan = other.get();
    const Stack stack = TRY(Stack::make(layers));
    const std::int64_t tokens = stack.tokens();
    CoverageLimits limits;
    if (tokens > reach_tokens_max) limits.sampled_rows = 16, limits.most_layers = 64;
    answer.coverage = TRY(coverage(stack, limits, cancel));
    if (!answer.coverage->is_exact)
        answer.left_out.push_back(fmt::format("Coverage is sampled: above {} tokens {} queries stand for all.",
                                              format_count(limits.exact_tokens), answer.coverage->rows));
    answer.rows = answer.columns = std::min(request.pixels, tokens);
    if (tokens > reach_tokens_max) answer.rows = std::min<std::int64_t>(answer.rows, 64);
    const std::int64_t shown = queries_per_pixel(tokens);
    answer.depths = TRY(depth_map(stack, whole_matrix(request.problem), answer.rows, answer.columns, shown, cancel));
    if (answer.rows * shown < tokens)
        answer.left_out.push_back(fmt::format("The map shows {} of the {} queries: more of them would take too long.",
                                              format_count(answer.rows * shown), format_count(tokens)));
    return {};
}

void look_at_heads(const ReachRequest& request, const Plan& plan, ReachAnswer& answer, const CancelFlag* cancel) {
    if (auto heads = head_coverage(plan, all_heads(request.problem), cancel))
        answer.heads = std::move(*heads);
    else
        answer.heads_error = heads.error().what;
    const Dilated* dilated = std::get_if<Dilated>(&request.pattern.kind);
    if (!dilated || *cancel) return;
    if (is_permuted(request.pattern)) {
        answer.left_out.push_back(
            "Phases are not searched for a pattern along a curve: use the pattern without order.");
    } else if (request.problem.seq_len > reach_tokens_max) {
        answer.left_out.push_back(fmt::format("Phases are searched up to {} tokens: beyond it takes too long.",
                                              format_count(reach_tokens_max)));
    } else if (auto phases = plan_phases(*dilated, request.problem, cancel)) {
        answer.phases = std::move(*phases);
    } else
        answer.phases_error = phases.error().what;
}

} // namespace

ReachAnswer analyse_reach(const ReachRequest& request, const std::atomic<bool>& cancel) {
    ReachAnswer answer;
    answer.request = request;
    const Result<Plan> made = make_plan(request.pattern, request.problem);
    const auto plan = made ? in_token_order(*made) : tl::unexpected(made.error());
    if (!plan) {
        answer.stack_error = plan.error().what;
        return answer;
    }
    if (auto holes = find_holes(**plan, request.head, ranges_kept, &cancel))
        answer.holes = std::move(*holes);
    else
        answer.holes_error = holes.error().what;
    if (!cancel) look_at_heads(request, **plan, answer, &cancel);
    if (cancel) return answer;
    if (const Result<void> walked = walk_stack(request, **plan, answer, &cancel); !walked)
        answer.stack_error = walked.error().what;
    return answer;
}

} // namespace dilascope
