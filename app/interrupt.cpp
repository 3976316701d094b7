#include "app/interrupt.h"
#include <csignal>

namespace dilascope {

static CancelFlag interrupted = false;
static_assert(CancelFlag::is_always_lock_free, "a signal handler may touch lock-free atomics only");

const CancelFlag* cancel_on_interrupt() {
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted.store(true, std::memory_order_relaxed); };
    action.sa_flags = SA_RESTART | SA_RESETHAND; // handled once: the second signal has its default effect
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    return &interrupted;
}

} // namespace dilascope
