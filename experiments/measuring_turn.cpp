#include "experiments/measuring_turn.h"
#include <chrono>
#include <thread>

namespace dilascope {

static std::mutex turn_mutex;

Result<MeasuringTurn> MeasuringTurn::take(const CancelFlag* cancel) {
    MeasuringTurn turn;
    turn.lock_ = std::unique_lock(turn_mutex, std::defer_lock);
    while (!turn.lock_.try_lock()) {
        if (is_cancelled(cancel)) return fail("cancelled");
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return turn;
}

bool MeasuringTurn::is_taken() { return !std::unique_lock(turn_mutex, std::try_to_lock).owns_lock(); }

} // namespace dilascope
