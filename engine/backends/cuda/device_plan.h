#pragma once
// DevicePlan: a LaunchPlan in device memory.
#include "engine/backends/cuda/device.h"
#include "engine/backends/cuda/kernel_params.h"
#include "engine/backends/cuda/launch_plan.h"

namespace dilascope {

class DevicePlan {
public:
    // Uploads on the default stream and waits for it.
    static Result<DevicePlan> upload(CudaDevice& device, const LaunchPlan& launch, const PlanOrder& order);
    LaunchView view() const;
    std::int64_t item_count() const { return items_.size(); }
    bool covers_all_rows() const { return covers_all_rows_; }

private:
    DeviceBuffer<LaunchItem> items_;
    DeviceBuffer<LaunchTile> tiles_;
    DeviceBuffer<LaunchRun> runs_;
    DeviceBuffer<std::int32_t> row_offsets_;
    DeviceBuffer<std::int32_t> token_of_rank_; // of permuted plans
    bool covers_all_rows_ = false;
};

// A host array in device memory; waits for the copy.
template <class T> Result<DeviceBuffer<T>> uploaded(CudaDevice& device, std::span<const T> values, const char* owner) {
    DeviceBuffer<T> buffer = TRY(device.allocate<T>(std::int64_t(values.size()), owner));
    TRY(buffer.upload(values.data(), std::int64_t(values.size())));
    TRY(device.synchronize());
    return buffer;
}

} // namespace dilascope
