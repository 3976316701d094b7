#pragma once
// Waiting in tests: for what another thread does, as long as a loaded machine may need.
#include <chrono>
#include <functional>
#include <thread>

namespace dilascope {

inline double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Polls until the condition holds; false after thirty seconds.
inline bool eventually(const std::function<bool()>& condition) {
    for (const auto start = std::chrono::steady_clock::now(); seconds_since(start) < 30;) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
}

} // namespace dilascope
