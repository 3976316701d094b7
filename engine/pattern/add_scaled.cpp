#include "engine/pattern/add_scaled.h"
#include "engine/vector_clones.h"

namespace dilascope {

VECTOR_CLONES void add_scaled(std::int64_t* out, const std::int64_t* values, std::int64_t weight, std::size_t count) {
    for (std::size_t index = 0; index < count; ++index) out[index] += weight * values[index];
}

} // namespace dilascope
