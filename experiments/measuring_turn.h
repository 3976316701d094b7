#pragma once
// MeasuringTurn: one measurement at a time in this process. Two would take each other's cores, and both times be wrong.
#include "engine/cancel.h"
#include "engine/result.h"
#include <mutex>

namespace dilascope {

// Held while it lives.
class MeasuringTurn {
public:
    // Waits until the measurement under way is over; an error when cancelled meanwhile.
    static Result<MeasuringTurn> take(const CancelFlag* cancel);
    // Whether one is under way now; not for its own thread.
    static bool is_taken();

private:
    MeasuringTurn() = default;
    std::unique_lock<std::mutex> lock_;
};

} // namespace dilascope
