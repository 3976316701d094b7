#include "engine/backends/cuda/cuda_forward.h"
#include "engine/infinity.h"
#include <fmt/format.h>
#include <limits>
#include <numbers>

namespace dilascope {

TensorShape tensor_shape(const Problem& problem) {
    const auto row_bytes = problem.head_dim * std::int64_t(dtype_bytes(problem.dtype));
    const std::int32_t unit = row_bytes % 16 == 0 ? 16 : row_bytes % 4 == 0 ? 4 : 2;
    return {problem.seq_len,
            problem.kv_len,
            std::int32_t(problem.heads),
            std::int32_t(problem.kv_heads),
            std::int32_t(problem.head_dim),
            unit};
}

DropoutParams dropout_params(const Dropout& dropout) {
    return {dropout.threshold(), dropout.keep_scale(), dropout.seed};
}

Result<Index3> grid_of(std::int64_t items, std::int64_t batch) {
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    if (items > most / batch)
        return fail(
            fmt::format("cuda: {} tiles of rows in each of {} batch elements; a launch has at most 2^31 blocks, "
                        "so split the batch",
                        items, batch));
    return Index3{std::int32_t(items * batch), 1, 1};
}

Result<void> fill_floats(CudaDevice& device, float* to, std::int64_t count, float value, const Stream& stream) {
    constexpr std::int64_t threads = 256, blocks_max = 4096;
    if (count == 0) return {};
    const auto blocks = std::int32_t(std::min(blocks_max, (count + threads - 1) / threads));
    return device.launch("fill", {blocks, 1, 1}, threads, 0, FillParams{to, count, value}, stream);
}

Result<CudaForward> CudaForward::prepare(CudaDevice& device, const Plan& plan, int branch_count,
                                         const CudaOptions& options) {
    CudaForward forward;
    forward.device_ = &device;
    forward.problem_ = plan.problem;
    forward.options_ = options;
    forward.kernel_ = TRY(find_kernel(Direction::forward, TRY(cuda_element(plan.problem)), plan.problem.head_dim,
                                      rows_wanted(plan), device.properties()));
    forward.rule_ = merge_rule(plan, branch_count);
    for (int pass = 0; pass < plan.pass_count; ++pass)
        forward.passes_.push_back(
            TRY(DevicePlan::upload(device, TRY(launch_plan(plan, pass, forward.kernel_.rows)), plan.order)));
    return forward;
}

Result<void> CudaForward::clear(const ForwardTensors& tensors, const Stream& stream) const {
    TRY(fill_floats(*device_, tensors.out, query_elements(problem_), 0, stream));
    return fill_floats(*device_, tensors.lse, lse_elements(problem_), minus_infinity, stream);
}

Result<void> CudaForward::launch(int pass, MergeRule rule, const ForwardTensors& tensors, const Stream& stream) const {
    const DevicePlan& plan = passes_[std::size_t(pass)];
    if (plan.item_count() == 0) return {};
    ForwardParams params;
    params.plan = plan.view();
    params.shape = tensor_shape(problem_);
    params.q = tensors.q, params.k = tensors.k, params.v = tensors.v;
    params.out = tensors.out, params.lse = tensors.lse;
    params.scale_log2 = float(softmax_scale(problem_) * std::numbers::log2e);
    params.merge = rule;
    params.dropout = dropout_params(options_.dropout);
    return device_->launch(kernel_.name, TRY(grid_of(plan.item_count(), problem_.batch)), kernel_.threads,
                           kernel_.shared_bytes, params, stream);
}

Result<void> CudaForward::enqueue(const ForwardTensors& tensors, const Stream& stream, const CancelFlag* cancel) const {
    // Blocks write all rows of their items: what no item has, and what passes add to, has to be there before.
    if (rule_.kind != MergeRule::replace || passes_.size() != 1 || !passes_.front().covers_all_rows())
        TRY(clear(tensors, stream));
    for (std::size_t pass = 0; pass < passes_.size(); ++pass) {
        if (is_cancelled(cancel)) return fail("cuda: cancelled before the last pass");
        TRY(launch(int(pass), rule_, tensors, stream));
    }
    return {};
}

Result<void> CudaForward::enqueue_pass(int pass, const ForwardTensors& tensors, const Stream& stream) const {
    TRY(clear(tensors, stream));
    return launch(pass, {}, tensors, stream);
}

} // namespace dilascope
