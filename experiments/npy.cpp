#include "experiments/npy.h"
#include "experiments/replacement_file.h"
#include "experiments/tensor_file.h"
#include <array>
#include <cstring>
#include <fmt/format.h>

namespace dilascope {

namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::int64_t max_header_bytes = 1 << 20; // numpy writes 118 bytes; its reader stops at 10 000

// `values` in Fortran order (first index fastest) → C order (last index fastest).
Result<Buffer<float>> in_c_order(const Buffer<float>& values, const std::vector<std::int64_t>& shape) {
    Buffer<float> ordered = TRY(Buffer<float>::allocate(values.size(), "tensor"));
    std::vector<std::int64_t> stride(shape.size()), index(shape.size(), 0);
    std::int64_t step = 1;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) stride[axis] = step, step *= shape[axis];
    std::int64_t from = 0;
    for (std::int64_t to = 0; to < values.size(); ++to) {
        ordered[to] = values[from];
        for (std::size_t axis = shape.size(); axis-- > 0;) { // count up, last axis fastest
            from += stride[axis];
            if (++index[axis] < shape[axis]) break;
            from -= stride[axis] * shape[axis], index[axis] = 0;
        }
    }
    return ordered;
}

template <class T>
Result<void> write_array(const std::filesystem::path& path, std::string_view descr,
                         const std::vector<std::int64_t>& shape, const T* values) {
    ReplacementFile file = TRY(ReplacementFile::open(path));
    const std::string header = npy_header(descr, shape);
    TRY(file.write(header.data(), header.size()));
    TRY(file.write(values, std::size_t(element_count(shape).value_or(0)) * sizeof(T)));
    return file.commit();
}

} // namespace

Result<NpyHeader> read_npy_header(ByteSource& source) {
    std::array<unsigned char, 12> start{};
    if (source.remaining() < 10) return fail(fmt::format("{}: is too short for a .npy file", source.subject()));
    TRY(source.read(start.data(), 8));
    if (std::memcmp(start.data(), magic.data(), magic.size()) != 0)
        return fail(
            fmt::format("{}: is not a .npy file, its first bytes are not \\x93NUMPY; write it with numpy.save()",
                        source.subject()));
    const int version = start[6];
    if (version < 1 || version > 3)
        return fail(fmt::format("{}: has .npy version {}; expected 1, 2 or 3", source.subject(), version));
    TRY(source.read(start.data() + 8, version == 1 ? 2 : 4));
    std::int64_t length = start[8] | start[9] << 8;
    if (version > 1) length |= std::int64_t(start[10]) << 16 | std::int64_t(start[11]) << 24;
    if (length > max_header_bytes)
        return fail(fmt::format("{}: claims a .npy header of {} bytes; expected at most {}", source.subject(), length,
                                max_header_bytes));
    std::string dict(std::size_t(length), '\0');
    TRY(source.read(dict.data(), length));
    return parse_npy_header(dict, source.subject());
}

Result<HostTensor> read_npy(ByteSource& source, std::string name) {
    const NpyHeader header = TRY(read_npy_header(source));
    const std::int64_t count = *element_count(header.shape);
    HostTensor tensor{std::move(name), header.shape, stored_dtype(header.type), {}};
    tensor.values = TRY(read_elements(source, header.type, count, tensor.name));
    if (source.remaining() > 0)
        return fail(fmt::format("{}: {} bytes follow its array of shape {}; expected one array and nothing else",
                                source.subject(), source.remaining(), shape_text(header.shape)));
    if (header.fortran_order) tensor.values = TRY(in_c_order(tensor.values, header.shape));
    return tensor;
}

std::string npy_header(std::string_view descr, const std::vector<std::int64_t>& shape) {
    std::string extents;
    for (std::int64_t extent : shape) extents += fmt::format("{},{}", extent, shape.size() == 1 ? "" : " ");
    if (shape.size() > 1) extents.resize(extents.size() - 2); // "(3, 4)", but "(3,)"
    std::string dict = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, extents);
    const std::size_t start = magic.size() + 4;                        // version and length of version 1
    dict.append(63 - (start + dict.size()) % 64, ' ').push_back('\n'); // the values start at a multiple of 64
    std::string header(magic);
    header += {'\x01', '\x00', char(dict.size() & 0xff), char(dict.size() >> 8)};
    return header + dict;
}

Result<void> write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
                       const std::uint8_t* values) {
    return write_array(path, "|u1", shape, values);
}
Result<void> write_npy(const std::filesystem::path& path, const std::vector<std::int64_t>& shape,
                       const double* values) {
    return write_array(path, "<f8", shape, values);
}
Result<void> write_npy(const std::filesystem::path& path, const TensorToWrite& tensor) {
    return write_array(path, "<f4", tensor.shape, tensor.values);
}

} // namespace dilascope
