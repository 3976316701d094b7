#include "engine/backends/cuda/cuda_backward.h"
#include "engine/plan/gradient_slice.h"
#include <numbers>

namespace dilascope {

Result<CudaBackward> CudaBackward::prepare(CudaDevice& device, const Plan& plan, const Pattern& pattern,
                                           const CudaOptions& options) {
    CudaBackward backward;
    backward.device_ = &device;
    backward.problem_ = plan.problem;
    backward.options_ = options;
    backward.mix_ = plan.mix;
    backward.branch_count_ = branch_count(pattern);
    backward.kernel_ = TRY(find_kernel(Direction::backward, TRY(cuda_element(plan.problem)), plan.problem.head_dim,
                                       rows_wanted(plan), device.properties()));
    Plan branches; // of a mix that is not one softmax: a pass a branch
    const Plan* differentiated = &plan;
    if (plan.mix != MixMode::softmax) {
        branches = TRY(make_branch_plan(pattern, plan.problem));
        differentiated = &branches;
        backward.branch_forward_ = TRY(CudaForward::prepare(device, branches, backward.branch_count_, options));
    }
    for (int pass = 0; pass < differentiated->pass_count; ++pass)
        backward.passes_.push_back(TRY(options.is_deterministic ? backward.prepare_units(*differentiated, pass)
                                                                : backward.prepare_pass(*differentiated, pass)));
    TRY(backward.allocate());
    return backward;
}

Result<void> CudaBackward::allocate() {
    dout_elements_ = TRY(device_->allocate<std::byte>(
        query_elements(problem_) * std::int64_t(dtype_bytes(problem_.dtype)), "cuda/dout_elements"));
    delta_ = TRY(device_->allocate<float>(lse_elements(problem_), "cuda/delta"));
    if (branch_forward_) {
        branch_out_ = TRY(device_->allocate<float>(query_elements(problem_), "cuda/branch_out"));
        branch_lse_ = TRY(device_->allocate<float>(lse_elements(problem_), "cuda/branch_lse"));
    }
    std::int64_t copied = 0;
    for (const Pass& pass : passes_) copied = std::max(copied, pass.copied_elements);
    dk_copies_ = TRY(device_->allocate<float>(copied, "cuda/dk_copies"));
    dv_copies_ = TRY(device_->allocate<float>(copied, "cuda/dv_copies"));
    return {};
}

Result<CudaBackward::Pass> CudaBackward::prepare_pass(const Plan& plan, int pass) const {
    Pass prepared;
    prepared.plan = TRY(DevicePlan::upload(*device_, TRY(launch_plan(plan, pass, kernel_.rows)), plan.order));
    return prepared;
}

// A key that two branches of a tile share may stand twice in a block: both receive the same bits, so their order does
// not matter. A block of threads for each slice of a key head's items: as many as keep the device busy, within the
// memory that copies may take.
Result<CudaBackward::Pass> CudaBackward::prepare_units(const Plan& plan, int pass) const {
    const SliceLimits limits{2 * std::int64_t(device_->properties().multiprocessors), 16};
    const std::vector<GradientSlice> slices = gradient_slices(plan, pass, limits);
    std::vector<WorkItem> items;
    for (const GradientSlice& slice : slices) items.insert(items.end(), slice.items.begin(), slice.items.end());
    const LaunchPlan launch = TRY(launch_plan(plan, items, kernel_.rows));

    Pass prepared;
    std::vector<LaunchUnit> units;
    std::vector<std::int32_t> lane_begin = {0};
    for (std::int64_t batch = 0; batch < problem_.batch; ++batch) {
        std::size_t item = 0;
        auto slice = slices.begin();
        for (std::int64_t head = 0; head < problem_.kv_heads; ++head) { // some have no slice
            for (; slice != slices.end() && slice->kv_head == head; ++slice) {
                const std::size_t end = item + slice->items.size();
                units.push_back({slice->keys.begin, slice->keys.end, prepared.copied_elements, batch,
                                 launch.first_item[item], launch.first_item[end]});
                item = end;
                prepared.copied_elements += slice->keys.size() * problem_.head_dim;
            }
            lane_begin.push_back(std::int32_t(units.size()));
        }
    }
    prepared.unit_count = std::int64_t(units.size());
    prepared.units = TRY(uploaded(*device_, std::span<const LaunchUnit>(units), "cuda/plan_units"));
    prepared.lane_begin = TRY(uploaded(*device_, std::span<const std::int32_t>(lane_begin), "cuda/plan_units"));
    prepared.plan = TRY(DevicePlan::upload(*device_, launch, plan.order));
    return prepared;
}

Result<void> CudaBackward::prepare_rows(const BackwardTensors& tensors, const PassSoftmax& softmax,
                                        const Stream& stream) const {
    constexpr int threads = 256, rows_per_block = threads / 32;
    const std::int64_t rows = lse_elements(problem_);
    const GradientRowsParams params{
        tensor_shape(problem_), tensors.dout,   softmax.out,           softmax.lse,   softmax.joint_lse,
        softmax.weight,         problem_.dtype, dout_elements_.data(), delta_.data(), rows};
    return device_->launch("gradient rows", TRY(grid_of((rows + rows_per_block - 1) / rows_per_block)), threads, 0,
                           params, stream);
}

Result<void> CudaBackward::sum_copies(const Pass& pass, const BackwardTensors& tensors, const Stream& stream) const {
    constexpr int threads = 256;
    const std::int64_t elements = key_elements(problem_);
    const SumCopiesParams params{tensor_shape(problem_),
                                 pass.units.data(),
                                 pass.lane_begin.data(),
                                 dk_copies_.data(),
                                 dv_copies_.data(),
                                 tensors.dk,
                                 tensors.dv,
                                 elements};
    return device_->launch("sum copies", TRY(grid_of((elements + threads - 1) / threads)), threads, 0, params, stream);
}

Result<void> CudaBackward::differentiate(int index, const BackwardTensors& tensors, const PassSoftmax& softmax,
                                         const Stream& stream) const {
    const Pass& pass = passes_[std::size_t(index)];
    if (pass.plan.item_count() == 0) return {};
    TRY(prepare_rows(tensors, softmax, stream));
    BackwardParams params;
    params.plan = pass.plan.view();
    params.shape = tensor_shape(problem_);
    params.q = tensors.q, params.k = tensors.k, params.v = tensors.v;
    params.dout = dout_elements_.data();
    params.lse = softmax.lse, params.delta = delta_.data();
    params.dq = tensors.dq, params.dk = tensors.dk, params.dv = tensors.dv;
    params.scale = float(softmax_scale(problem_));
    params.scale_log2 = float(softmax_scale(problem_) * std::numbers::log2e);
    params.adds_to_dq = index > 0;
    params.dropout = dropout_params(options_.dropout);
    if (!options_.is_deterministic)
        return device_->launch(kernel_.name, TRY(grid_of(pass.plan.item_count(), problem_.batch)), kernel_.threads,
                               kernel_.shared_bytes, params, stream);
    params.units = pass.units.data();
    params.dk = dk_copies_.data(), params.dv = dv_copies_.data();
    TRY(fill_floats(*device_, dk_copies_.data(), pass.copied_elements, 0, stream));
    TRY(fill_floats(*device_, dv_copies_.data(), pass.copied_elements, 0, stream));
    TRY(device_->launch(kernel_.name, {std::int32_t(pass.unit_count), 1, 1}, kernel_.threads, kernel_.shared_bytes,
                        params, stream));
    return sum_copies(pass, tensors, stream);
}

Result<void> CudaBackward::enqueue(const BackwardTensors& tensors, const Stream& stream,
                                   const CancelFlag* cancel) const {
    TRY(fill_floats(*device_, tensors.dq, query_elements(problem_), 0, stream));
    TRY(fill_floats(*device_, tensors.dk, key_elements(problem_), 0, stream));
    TRY(fill_floats(*device_, tensors.dv, key_elements(problem_), 0, stream));
    for (int pass = 0; pass < int(passes_.size()); ++pass) {
        if (is_cancelled(cancel)) return fail("cuda: cancelled before the last pass");
        if (!branch_forward_) {
            TRY(differentiate(pass, tensors, {tensors.out, tensors.lse}, stream));
            continue;
        }
        TRY(branch_forward_->enqueue_pass(
            pass, {tensors.q, tensors.k, tensors.v, branch_out_.data(), branch_lse_.data()}, stream));
        PassSoftmax softmax{branch_out_.data(), branch_lse_.data()};
        if (mix_ == MixMode::softmax_stopgrad) softmax.joint_lse = tensors.lse;
        if (mix_ == MixMode::mean) softmax.weight = 1.0f / float(branch_count_);
        TRY(differentiate(pass, tensors, softmax, stream));
    }
    return {};
}

} // namespace dilascope
