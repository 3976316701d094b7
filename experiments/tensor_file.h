#pragma once
// Tensor files: .npy, .npz and .safetensors, read to f32 and written. Damaged files are errors, never crashes.
#include "engine/result.h"
#include "experiments/tensor.h"
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

namespace dilascope {

// Which tensors of a file to read, by name; the others may be of any type.
using TensorFilter = std::function<bool(std::string_view name)>;

// Every tensor of the file that `filter` wants (all without one), by its extension; a .npy holds one tensor named after
// the file's stem.
Result<std::vector<HostTensor>> read_tensor_file(const std::filesystem::path& path, const TensorFilter& filter = {});

// A tensor to be written: f32 values, row-major.
struct TensorToWrite {
    std::string name;
    std::vector<std::int64_t> shape;
    const float* values = nullptr;
};
// By extension: .safetensors or .npz (several), .npy (exactly one). Written to a temporary file beside and renamed.
Result<void> write_tensor_file(const std::filesystem::path& path, std::span<const TensorToWrite> tensors);

// Error when write_tensor_file() could not write that many tensors there: extension, missing folder. For asking before
// a long computation.
Result<void> check_tensor_output(const std::filesystem::path& path, std::size_t tensor_count);

// .npy of uint8 or float64, for masks and densities.
Result<void> write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
                       const std::uint8_t* values);
Result<void> write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape, const double* values);

} // namespace dilascope
