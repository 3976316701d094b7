#include "engine/backends/cpu/fill.h"
#include <algorithm>

namespace dilascope {

void fill(float* values, std::int64_t count, float value) {
    constexpr std::int64_t block = 1 << 16;
#pragma omp parallel for schedule(static)
    for (std::int64_t begin = 0; begin < count; begin += block)
        std::fill_n(values + begin, std::min(block, count - begin), value);
}

} // namespace dilascope
