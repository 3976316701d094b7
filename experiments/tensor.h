#pragma once
// HostTensor: a named array read from a file, widened to f32; remembers what it was stored as.
#include "engine/dtype.h"
#include "engine/memory/buffer.h"
#include <cstdint>
#include <string>
#include <vector>

namespace dilascope {

struct HostTensor {
    std::string name;
    std::vector<std::int64_t> shape; // row-major (C order)
    Dtype stored = Dtype::f32;       // element type in the file
    Buffer<float> values;
    std::int64_t elements() const {
        std::int64_t count = 1;
        for (std::int64_t extent : shape) count *= extent;
        return count;
    }
};

} // namespace dilascope
