#pragma once
// .npz: a zip of .npy members, stored or deflated.
#include "experiments/tensor_file.h"

namespace dilascope {

// What the members may unpack to together: this many bytes, or this many times the file; more is taken for a zip bomb.
inline constexpr std::int64_t npz_free_bytes = 256 << 20;
inline constexpr std::int64_t npz_max_ratio = 64;

Result<std::vector<HostTensor>> read_npz(const std::filesystem::path& path, const TensorFilter& filter);
// Stored, not deflated: numbers of full entropy hardly shrink. Equal tensors make equal bytes.
Result<void> write_npz(const std::filesystem::path& path, std::span<const TensorToWrite> tensors);

} // namespace dilascope
