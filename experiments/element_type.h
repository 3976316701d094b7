#pragma once
// ElementType: how numbers are stored in tensor files, and their widening to f32.
#include "engine/dtype.h"
#include "experiments/byte_source.h"
#include "experiments/tensor.h"
#include <optional>
#include <string_view>

namespace dilascope {

enum class ElementType : std::uint8_t { f16, bf16, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64 };

std::int64_t element_bytes(ElementType type);
// The dtype remembered for a tensor; integers count as f32, which holds them exactly or they are refused.
Dtype stored_dtype(ElementType type);

// Product of the extents, or nothing when it passes 2⁶³ − 1 or an extent is negative.
std::optional<std::int64_t> element_count(const std::vector<std::int64_t>& shape);

// "(1, 512, 12, 32)".
std::string shape_text(const std::vector<std::int64_t>& shape);

// The next `count` elements of the source as f32. Error when the source ends early or an integer is not exact in f32;
// `name` is the tensor's, for the text.
Result<Buffer<float>> read_elements(ByteSource& source, ElementType type, std::int64_t count, std::string_view name);

} // namespace dilascope
