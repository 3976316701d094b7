#include "engine/backends/cuda/device_plan.h"
#include <fmt/format.h>
#include <limits>

namespace dilascope {

Result<DevicePlan> DevicePlan::upload(CudaDevice& device, const LaunchPlan& launch, const PlanOrder& order) {
    if (launch.items.size() > std::size_t(std::numeric_limits<std::int32_t>::max()))
        return fail(
            fmt::format("cuda: the plan has {} tiles of rows; a launch counts at most 2^31", launch.items.size()));
    DevicePlan plan;
    plan.items_ = TRY(uploaded(device, std::span(launch.items), "cuda/plan_items"));
    plan.tiles_ = TRY(uploaded(device, std::span(launch.tiles), "cuda/plan_tiles"));
    plan.runs_ = TRY(uploaded(device, std::span(launch.runs), "cuda/plan_runs"));
    plan.row_offsets_ = TRY(uploaded(device, std::span(launch.row_offsets), "cuda/plan_rows"));
    if (order.is_permuted())
        plan.token_of_rank_ = TRY(uploaded(device, std::span(order.token_of_rank), "cuda/plan_order"));
    plan.covers_all_rows_ = launch.covers_all_rows;
    return plan;
}

LaunchView DevicePlan::view() const {
    // Keys of a permuted plan are ranks: they lie at, and are compared as, the tokens of the caller's tensors.
    const KeyTables keys{token_of_rank_.data(), token_of_rank_.data()};
    return {items_.data(), tiles_.data(), runs_.data(), row_offsets_.data(), keys, std::int32_t(items_.size())};
}

} // namespace dilascope
