#pragma once
// .safetensors: a u64 header length, a JSON header {name: {dtype, shape, data_offsets}}, then the values without gaps.
#include "experiments/element_type.h"
#include "experiments/tensor_file.h"
#include <string>

namespace dilascope {

inline constexpr std::int64_t max_safetensors_header_bytes = 100'000'000; // as the format's own reader

// One entry of the header; offsets in bytes from the end of the header.
struct SafetensorsEntry {
    std::string name;
    std::string dtype; // as written: "F16"
    std::vector<std::int64_t> shape;
    std::int64_t begin = 0, end = 0;
};

// The entries in the order of their values. Errors start with `subject`: not such JSON, duplicate names, values that
// overlap, leave holes, disagree with dtype and shape or do not fill exactly `data_bytes`.
Result<std::vector<SafetensorsEntry>> parse_safetensors_header(std::string_view json, std::int64_t data_bytes,
                                                               std::string_view subject);

Result<std::vector<HostTensor>> read_safetensors(const std::filesystem::path& path, const TensorFilter& filter);
Result<void> write_safetensors(const std::filesystem::path& path, std::span<const TensorToWrite> tensors);

} // namespace dilascope
