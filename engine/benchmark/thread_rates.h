#pragma once
// Rates of all OpenMP threads at once: how the peaks of this machine are measured.
#include <chrono>

namespace dilascope {

// Every thread calls `run()`, which returns the work it did, again and again for about `time_ms`; returns work per
// second, in units of 10⁹. Each thread times itself, and rates add up: a thread that the machine stalls does not hide
// what the others did.
template <class Run> double sum_of_thread_rates(double time_ms, Run run) {
    using Clock = std::chrono::steady_clock;
    double rate = 0;
#pragma omp parallel reduction(+ : rate)
    {
        double work = 0, seconds = 0;
        const Clock::time_point start = Clock::now();
        while (seconds * 1e3 < time_ms) {
            work += run();
            seconds = std::chrono::duration<double>(Clock::now() - start).count();
        }
        rate += work / seconds * 1e-9;
    }
    return rate;
}

} // namespace dilascope
