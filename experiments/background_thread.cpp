#include "experiments/background_thread.h"
#ifdef __linux__
#include <sched.h>
#include <sys/resource.h>
#endif

namespace dilascope {

void yield_to_the_window() {
#ifdef __linux__
    // Niceness alone still lets a woken frame wait for the end of a time slice; the idle class is preempted at once.
    const sched_param any{};
    sched_setscheduler(0, SCHED_IDLE, &any);
#endif
}

void step_back() {
#ifdef __linux__
    setpriority(PRIO_PROCESS, 0, 10); // on Linux niceness is the calling thread's own
#endif
}

} // namespace dilascope
