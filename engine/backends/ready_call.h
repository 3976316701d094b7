#pragma once
// ReadyCall: a call made ready to run again and again: its tensors and plan are where the backend computes.
#include "engine/result.h"
#include <cstdint>
#include <string>

namespace dilascope {

class ReadyCall {
public:
    virtual ~ReadyCall() = default;
    // The kernel that runs, where the plan decides between several: "cuda/forward bf16 d64 r64". Else "": choose()'s.
    // After seconds_of() also what its times hold beside the kernel.
    virtual std::string kernel() const { return ""; }
    // Runs once; the results are then in the call's buffers. Tells the seconds it computed, by the clock of what
    // computes: what it costs to bring tensors there and results back is not in them.
    virtual Result<double> run() = 0;
    // Runs `count` times (≥ 1) and tells the seconds of one. The results may stay where they are computed.
    virtual Result<double> seconds_of(std::int64_t count) = 0;
    // So that the next run finds nothing in the caches of what computes.
    virtual Result<void> flush_caches() = 0;
};

} // namespace dilascope
