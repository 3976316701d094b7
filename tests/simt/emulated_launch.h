#pragma once
// EmulatedKernels: what an EmulatedApi launches, run by the emulator.
#include "engine/backends/cuda/kernel_table.h"
#include "tests/engine/emulated_api.h"
#include "tests/simt/emulator.h"
#include <memory>

namespace dilascope::simt {

// Copies share one state, so that a test can look at what it has given away.
class EmulatedKernels {
public:
    explicit EmulatedKernels(const KernelTable& table, RunOptions options = {})
        : state_(std::make_shared<State>(State{&table, options, {}, {}})) {}

    // An EmulatedLaunch: `invalid` for a name that is not in the table, `failed` when a check of the emulator failed.
    DeviceStatus operator()(const KernelLaunch& launch) const;

    const std::string& error() const { return state_->error; } // of the first launch that went wrong
    const RunCounts& counts() const { return state_->counts; } // of all launches

private:
    struct State {
        const KernelTable* table = nullptr;
        RunOptions options;
        RunCounts counts;
        std::string error;
    };
    std::shared_ptr<State> state_;
};

} // namespace dilascope::simt
