#include "engine/benchmark/bench_input.h"
#include "engine/dtype_convert.h"
#include <algorithm>
#include <array>

namespace dilascope {

void fill_bench_input(std::uint64_t seed, std::int64_t count, Dtype dtype, void* to) {
    constexpr std::int64_t chunk = 4096;
#pragma omp parallel for schedule(static)
    for (std::int64_t begin = 0; begin < count; begin += chunk) {
        const std::int64_t elements = std::min(chunk, count - begin);
        std::array<float, chunk> wide;
        for (std::int64_t index = 0; index < elements; ++index)
            wide[std::size_t(index)] = bench_input(seed, std::uint64_t(begin + index));
        narrow_f32(wide.data(), elements, dtype, static_cast<char*>(to) + begin * std::int64_t(dtype_bytes(dtype)));
    }
}

Result<Buffer<std::byte>> bench_tensor(std::uint64_t seed, std::int64_t count, Dtype dtype) {
    auto tensor = TRY(Buffer<std::byte>::allocate(count * std::int64_t(dtype_bytes(dtype)), "bench/input"));
    fill_bench_input(seed, count, dtype, tensor.data());
    return tensor;
}

} // namespace dilascope
