#pragma once
// Element types of tensors at rest. Arithmetic accumulates in f32 or wider whatever the storage.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dilascope {

enum class Dtype : std::uint8_t { f32, f16, bf16, f64 };
constexpr auto enum_names(Dtype) { return std::array<std::string_view, 4>{"f32", "f16", "bf16", "f64"}; }
constexpr std::size_t dtype_bytes(Dtype dtype) { return dtype == Dtype::f64 ? 8 : dtype == Dtype::f32 ? 4 : 2; }

} // namespace dilascope
