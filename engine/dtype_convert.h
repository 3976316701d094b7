#pragma once
// Conversions between f32 and the other element types. To 16 bits they round to nearest even; subnormals, infinities
// and NaNs survive.
#include "engine/dtype.h"
#include <bit>
#include <cstring>

namespace dilascope {

inline float f32_from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t(bits) << 16); }

inline std::uint16_t bf16_from_f32(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return std::uint16_t(bits >> 16 | 0x40); // NaN: quiet, top of the payload kept
    return std::uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline float f32_from_f16(std::uint16_t bits) {
    const std::uint32_t sign = std::uint32_t(bits & 0x8000) << 16, exponent = bits >> 10 & 0x1f,
                        mantissa = bits & 0x3ff;
    if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000 | mantissa << 13);
    if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(float(mantissa) * 0x1p-24f)); // subnormal or zero
}

inline std::uint16_t f16_from_f32(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return std::uint16_t(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
    if (magnitude >= 0x477ff000) return std::uint16_t(sign | 0x7c00); // 65520 and above round to infinity
    if (magnitude >= 0x38800000) {                                    // 2⁻¹⁴ and above: normal
        const std::uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
        return std::uint16_t(sign | (rounded - 0x38000000) >> 13);
    }
    if (magnitude <= 0x33000000) return std::uint16_t(sign); // 2⁻²⁵ and below round to zero
    // subnormal: a multiple of 2⁻²⁴, so `shift` bits of the 24-bit mantissa fall away
    const std::uint32_t shift = 126 - (magnitude >> 23), mantissa = (magnitude & 0x7fffff) | 0x800000;
    return std::uint16_t(sign | (mantissa + (1u << (shift - 1)) - 1 + (mantissa >> shift & 1)) >> shift);
}

// `count` f32 values as elements of `dtype`; `to` holds count · dtype_bytes(dtype) bytes.
inline void narrow_f32(const float* from, std::int64_t count, Dtype dtype, void* to) {
    if (dtype == Dtype::f32) {
        if (count > 0) std::memcpy(to, from, std::size_t(count) * sizeof(float));
    } else if (dtype == Dtype::f64) {
        for (std::int64_t index = 0; index < count; ++index) static_cast<double*>(to)[index] = from[index];
    } else {
        auto* narrow = static_cast<std::uint16_t*>(to);
        for (std::int64_t index = 0; index < count; ++index)
            narrow[index] = dtype == Dtype::f16 ? f16_from_f32(from[index]) : bf16_from_f32(from[index]);
    }
}

// Elements first … first + count of a tensor of `dtype`, exactly.
inline void widen_to_f64(const void* tensor, Dtype dtype, std::int64_t first, std::int64_t count, double* to) {
    const auto copy = [&](const auto* from, auto convert) {
        for (std::int64_t index = 0; index < count; ++index) to[index] = double(convert(from[first + index]));
    };
    const auto same = [](auto value) { return value; };
    switch (dtype) {
    case Dtype::f32: return copy(static_cast<const float*>(tensor), same);
    case Dtype::f16: return copy(static_cast<const std::uint16_t*>(tensor), f32_from_f16);
    case Dtype::bf16: return copy(static_cast<const std::uint16_t*>(tensor), f32_from_bf16);
    case Dtype::f64: return copy(static_cast<const double*>(tensor), same);
    }
}

} // namespace dilascope
