#pragma once
// Memory of this process as the operating system counts it.
#include <cstdint>

namespace dilascope {

std::int64_t resident_bytes();
// Highest resident_bytes() since restart_peak(), or since the process began where the system cannot restart it.
std::int64_t peak_resident_bytes();
// Gives freed memory back to the system first, so that what is allocated next is seen to grow.
void restart_peak();

} // namespace dilascope
