#pragma once
// .npy: one array after a header that is a Python dict literal (versions 1, 2 and 3, little-endian, C or Fortran
// order).
#include "engine/result.h"
#include "experiments/byte_source.h"
#include "experiments/element_type.h"
#include <string>
#include <string_view>
#include <vector>

namespace dilascope {

struct NpyHeader {
    ElementType type = ElementType::f32;
    bool fortran_order = false;
    std::vector<std::int64_t> shape;
};

// The dict literal of a header. Errors start with `subject`: object arrays (a pickle is a program), big-endian and
// structured types, complex numbers, anything that is not such a dict.
Result<NpyHeader> parse_npy_header(std::string_view dict, std::string_view subject);

// Everything before the values, which the source then stands at.
Result<NpyHeader> read_npy_header(ByteSource& source);

// The whole source as one array in C order; the source must end where the array does.
Result<HostTensor> read_npy(ByteSource& source, std::string name);

// Magic, version and padded header; the values follow. `descr` as "<f4".
std::string npy_header(std::string_view descr, const std::vector<std::int64_t>& shape);

struct TensorToWrite;
Result<void> write_npy(const std::filesystem::path& path, const TensorToWrite& tensor);

} // namespace dilascope
