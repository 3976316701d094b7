// Conversions and approximations of the device, of simt_host.h.
#include "engine/backends/cuda/simt_host.h"
#include "engine/dtype_convert.h"
#include <cmath>

namespace dilascope::simt::host {

static float flush(float value) { return std::fabs(value) < 0x1p-126f ? std::copysign(0.0f, value) : value; }

std::uint16_t f16_bits(float value) { return std::isnan(value) ? 0x7fff : f16_from_f32(value); }
std::uint16_t bf16_bits(float value) { return std::isnan(value) ? 0x7fff : bf16_from_f32(value); }

std::uint32_t tf32_bits(float value) {
    if (std::isnan(value)) return 0x7fffffff;
    return (std::bit_cast<std::uint32_t>(value) + 0x1000) & 0xffffe000;
}

float exp2_approx(float value) { return flush(std::exp2(flush(value))); }
float log2_approx(float value) { return std::log2(flush(value)); }
float reciprocal_approx(float value) { return flush(1 / flush(value)); }

} // namespace dilascope::simt::host
