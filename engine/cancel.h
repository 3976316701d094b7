#pragma once
// CancelFlag: set from another thread to stop a long call; the call then ends soon and says "cancelled".
#include <atomic>

namespace dilascope {

using CancelFlag = std::atomic<bool>;

// Null flags are never set.
inline bool is_cancelled(const CancelFlag* cancel) { return cancel && cancel->load(std::memory_order_relaxed); }

} // namespace dilascope
