#include "tests/simt/emulated_launch.h"
#include <fmt/format.h>

namespace dilascope::simt {

DeviceStatus EmulatedKernels::operator()(const KernelLaunch& launch) const {
    const auto wrong = [&](DeviceStatus status, const std::string& error) {
        if (state_->error.empty()) state_->error = error;
        return status;
    };
    const KernelEntry* kernel = state_->table->find(launch.name);
    if (!kernel) return wrong(DeviceStatus::invalid, fmt::format("there is no kernel \"{}\"", launch.name));
    const Result<RunCounts> result = run(*kernel, {launch.grid, launch.threads, launch.shared_bytes}, launch.params,
                                         launch.params_bytes, state_->options);
    if (!result) return wrong(DeviceStatus::failed, result.error().what);
    state_->counts.add(*result);
    return DeviceStatus::ok;
}

} // namespace dilascope::simt
