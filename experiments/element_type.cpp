#include "experiments/element_type.h"
#include "engine/dtype_convert.h"
#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace dilascope {

static_assert(std::endian::native == std::endian::little, "tensor files are little-endian and read without swapping");

std::int64_t element_bytes(ElementType type) {
    switch (type) {
    case ElementType::i8:
    case ElementType::u8: return 1;
    case ElementType::f16:
    case ElementType::bf16:
    case ElementType::i16:
    case ElementType::u16: return 2;
    case ElementType::f32:
    case ElementType::i32:
    case ElementType::u32: return 4;
    case ElementType::f64:
    case ElementType::i64:
    case ElementType::u64: return 8;
    }
    return 0;
}

Dtype stored_dtype(ElementType type) {
    if (type == ElementType::f16) return Dtype::f16;
    if (type == ElementType::bf16) return Dtype::bf16;
    return type == ElementType::f64 ? Dtype::f64 : Dtype::f32;
}

std::optional<std::int64_t> element_count(const std::vector<std::int64_t>& shape) {
    std::int64_t count = 1;
    bool is_empty = false; // (0, 2⁶², 2⁶²) is empty whatever follows, and still no overflow
    for (std::int64_t extent : shape) {
        if (extent < 0) return std::nullopt;
        if (extent == 0)
            is_empty = true;
        else if (__builtin_mul_overflow(count, extent, &count))
            return std::nullopt;
    }
    return is_empty ? 0 : count;
}

std::string shape_text(const std::vector<std::int64_t>& shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

namespace {

// Index of the first integer that f32 cannot hold, or count. Below 2²⁴ every integer is exact.
template <class T> std::int64_t widen(const std::byte* bytes, std::int64_t count, float* values) {
    for (std::int64_t index = 0; index < count; ++index) {
        T element;
        std::memcpy(&element, bytes + std::size_t(index) * sizeof(T), sizeof(T));
        values[index] = float(element);
        if constexpr (std::is_integral_v<T> && sizeof(T) > 2) {
            if (element > T(1 << 24) || (std::is_signed_v<T> && element < T(-(1 << 24)))) return index;
        }
    }
    return count;
}

template <float (*convert)(std::uint16_t)>
std::int64_t widen_16(const std::byte* bytes, std::int64_t count, float* values) {
    for (std::int64_t index = 0; index < count; ++index) {
        std::uint16_t element;
        std::memcpy(&element, bytes + index * 2, 2);
        values[index] = convert(element);
    }
    return count;
}

std::int64_t widen(ElementType type, const std::byte* bytes, std::int64_t count, float* values) {
    switch (type) {
    case ElementType::f16: return widen_16<f32_from_f16>(bytes, count, values);
    case ElementType::bf16: return widen_16<f32_from_bf16>(bytes, count, values);
    case ElementType::f32: return widen<float>(bytes, count, values);
    case ElementType::f64: return widen<double>(bytes, count, values);
    case ElementType::i8: return widen<std::int8_t>(bytes, count, values);
    case ElementType::i16: return widen<std::int16_t>(bytes, count, values);
    case ElementType::i32: return widen<std::int32_t>(bytes, count, values);
    case ElementType::i64: return widen<std::int64_t>(bytes, count, values);
    case ElementType::u8: return widen<std::uint8_t>(bytes, count, values);
    case ElementType::u16: return widen<std::uint16_t>(bytes, count, values);
    case ElementType::u32: return widen<std::uint32_t>(bytes, count, values);
    case ElementType::u64: return widen<std::uint64_t>(bytes, count, values);
    }
    return count;
}

} // namespace

Result<Buffer<float>> read_elements(ByteSource& source, ElementType type, std::int64_t count, std::string_view name) {
    // Before anything is allocated: a damaged count must not ask for more memory than the file can fill.
    const std::int64_t bytes = element_bytes(type);
    if (count > source.remaining() / bytes)
        return fail(fmt::format("{}: is cut off, tensor \"{}\" needs {} elements of {} bytes where {} bytes are left; "
                                "save or copy it again",
                                source.subject(), name, count, bytes, source.remaining()));
    Buffer<float> values = TRY(Buffer<float>::allocate(count, "tensor"));
    if (type == ElementType::f32) {
        TRY(source.read(values.data(), count * bytes));
        return values;
    }
    const std::int64_t chunk = std::min<std::int64_t>(count, 1 << 16);
    std::vector<std::byte> scratch(std::size_t(chunk * bytes));
    for (std::int64_t first = 0; first < count; first += chunk) {
        const std::int64_t step = std::min(chunk, count - first);
        TRY(source.read(scratch.data(), step * bytes));
        const std::int64_t exact = widen(type, scratch.data(), step, values.data() + first);
        if (exact < step)
            return fail(
                fmt::format("{}: tensor \"{}\" holds the integer {:.0f} at element {}, beyond 2^24 and so not exact "
                            "in float32; save it as float32",
                            source.subject(), name, values[first + exact], first + exact));
    }
    return values;
}

} // namespace dilascope
