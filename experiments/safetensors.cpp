#include "experiments/safetensors.h"
#include "experiments/replacement_file.h"
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace dilascope {

namespace {

Result<ElementType> element_type(const SafetensorsEntry& entry, const std::string& subject) {
    struct Known {
        std::string_view name;
        ElementType type;
    };
    static constexpr std::array known = {
        Known{"F16", ElementType::f16}, Known{"BF16", ElementType::bf16}, Known{"F32", ElementType::f32},
        Known{"F64", ElementType::f64}, Known{"BOOL", ElementType::u8},   Known{"I8", ElementType::i8},
        Known{"I16", ElementType::i16}, Known{"I32", ElementType::i32},   Known{"I64", ElementType::i64},
        Known{"U8", ElementType::u8},   Known{"U16", ElementType::u16},   Known{"U32", ElementType::u32},
        Known{"U64", ElementType::u64},
    };
    for (const Known& dtype : known)
        if (dtype.name == entry.dtype) return dtype.type;
    if (entry.dtype.starts_with("F8"))
        return fail(
            fmt::format("{}: tensor \"{}\" is stored as {}, 8-bit floats whose scale factors this format does not "
                        "carry; save it as F16, BF16 or F32",
                        subject, entry.name, entry.dtype));
    return fail(fmt::format("{}: tensor \"{}\" has the dtype \"{}\"; expected F16, BF16, F32, F64, BOOL or integers",
                            subject, entry.name, entry.dtype.substr(0, 32)));
}

} // namespace

Result<std::vector<HostTensor>> read_safetensors(const std::filesystem::path& path, const TensorFilter& filter) {
    const std::unique_ptr<FileSource> source = TRY(FileSource::open(path));
    std::array<unsigned char, 8> start{};
    if (source->size() < 8) return fail(fmt::format("{}: is too short for a safetensors file", source->subject()));
    TRY(source->read(start.data(), 8));
    std::uint64_t header_bytes = 0;
    for (std::size_t byte = 8; byte-- > 0;) header_bytes = header_bytes << 8 | start[byte];
    if (header_bytes > std::uint64_t(max_safetensors_header_bytes))
        return fail(
            fmt::format("{}: claims a header of {} bytes; expected at most {}, so this is no safetensors file or a "
                        "damaged one",
                        source->subject(), header_bytes, max_safetensors_header_bytes));
    if (std::int64_t(header_bytes) > source->remaining())
        return fail(fmt::format("{}: is cut off, its header claims {} bytes where {} are left; save or copy it again",
                                source->subject(), header_bytes, source->remaining()));
    std::string header(std::size_t(header_bytes), '\0');
    TRY(source->read(header.data(), std::int64_t(header_bytes)));
    std::vector<HostTensor> tensors;
    const auto entries = TRY(parse_safetensors_header(header, source->remaining(), source->subject()));
    for (const SafetensorsEntry& entry : entries) {
        if (filter && !filter(entry.name)) {
            source->skip(entry.end - entry.begin);
            continue;
        }
        const ElementType type = TRY(element_type(entry, source->subject()));
        HostTensor tensor{entry.name, entry.shape, stored_dtype(type), {}};
        tensor.values = TRY(read_elements(*source, type, *element_count(entry.shape), entry.name));
        tensors.push_back(std::move(tensor));
    }
    return tensors;
}

Result<void> write_safetensors(const std::filesystem::path& path, std::span<const TensorToWrite> tensors) {
    nlohmann::ordered_json header = nlohmann::ordered_json::object();
    std::int64_t end = 0;
    for (const TensorToWrite& tensor : tensors) {
        const std::int64_t begin = end;
        end += element_count(tensor.shape).value_or(0) * std::int64_t(sizeof(float));
        header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    }
    std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    text.append((8 - text.size() % 8) % 8, ' '); // the values start at a multiple of 8
    const std::uint64_t header_bytes = text.size();
    ReplacementFile file = TRY(ReplacementFile::open(path));
    TRY(file.write(&header_bytes, sizeof(header_bytes)));
    TRY(file.write(text.data(), text.size()));
    for (const TensorToWrite& tensor : tensors)
        TRY(file.write(tensor.values, std::size_t(element_count(tensor.shape).value_or(0)) * sizeof(float)));
    return file.commit();
}

} // namespace dilascope
