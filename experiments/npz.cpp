#include "experiments/npz.h"
#include "experiments/npy.h"
#include "experiments/replacement_file.h"
#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <set>
#include <zip.h>

namespace dilascope {

namespace {

constexpr std::int64_t max_members = 65536;

struct ZipDiscard {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
using ZipHandle = std::unique_ptr<zip_t, ZipDiscard>;

class MemberSource : public ByteSource {
public:
    MemberSource(std::string subject, std::int64_t size, zip_file_t* member)
        : ByteSource(std::move(subject), size), member_(member) {}
    ~MemberSource() override { zip_fclose(member_); }
    // The checksum is compared when the end is reached, so the end must be read.
    Result<void> check_end() {
        char extra;
        const std::int64_t count = TRY(read_some(&extra, 1));
        if (count != 0) return fail(fmt::format("{}: unpacks to more than its {} bytes", subject(), size()));
        return {};
    }

protected:
    Result<std::int64_t> read_some(void* to, std::int64_t count) override {
        const zip_int64_t read_count = zip_fread(member_, to, zip_uint64_t(count));
        if (read_count >= 0) return read_count;
        return fail(fmt::format("{}: cannot be unpacked, {}; copy or save the file again", subject(),
                                zip_error_strerror(zip_file_get_error(member_))));
    }

private:
    zip_file_t* member_;
};

Result<ZipHandle> open_zip(const std::filesystem::path& path) {
    TRY(FileSource::open(path)); // for its error texts: missing, not a regular file, not readable
    int code = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_RDONLY, &code);
    if (archive) return ZipHandle(archive);
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    return fail(
        fmt::format("{}: is not a readable .npz (zip) file, {}; write it with numpy.savez()", path.string(), reason));
}

// Names and sizes of all members, checked before one of them is unpacked.
Result<std::vector<zip_stat_t>> list_members(zip_t* archive, const std::filesystem::path& path) {
    const zip_int64_t count = zip_get_num_entries(archive, 0);
    if (count > max_members)
        return fail(fmt::format("{}: has {} members; expected at most {}", path.string(), count, max_members));
    std::vector<zip_stat_t> members;
    std::set<std::string_view> names;
    for (zip_int64_t index = 0; index < count; ++index) {
        zip_stat_t member;
        constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_INDEX;
        if (zip_stat_index(archive, zip_uint64_t(index), 0, &member) != 0 || (member.valid & needed) != needed ||
            member.size > zip_uint64_t(INT64_MAX))
            return fail(fmt::format("{}: its member {} is damaged; copy or save the file again", path.string(), index));
        const std::string_view name = member.name;
        if (!name.ends_with(".npy"))
            return fail(fmt::format("{}: its member \"{}\" is not a .npy array; write the file with numpy.savez()",
                                    path.string(), name));
        if (!names.insert(name).second)
            return fail(fmt::format("{}: has two members called \"{}\"; keep one", path.string(), name));
        members.push_back(member);
    }
    return members;
}

Result<HostTensor> read_member(zip_t* archive, const zip_stat_t& stat, const std::string& subject, std::string name) {
    zip_file_t* file = zip_fopen_index(archive, stat.index, 0);
    if (!file) return fail(fmt::format("{}: cannot be unpacked, {}", subject, zip_strerror(archive)));
    MemberSource source(subject, std::int64_t(stat.size), file);
    HostTensor tensor = TRY(read_npy(source, std::move(name)));
    TRY(source.check_end());
    return tensor;
}

// One member for libzip to pull: the .npy header, then the values, without a copy of them.
struct MemberContent {
    std::string header;
    const char* values = nullptr;
    std::uint64_t value_bytes = 0, position = 0;
    zip_error_t error{};

    zip_int64_t read(char* to, std::uint64_t count) {
        std::uint64_t done = 0;
        while (done < count && position < header.size() + value_bytes) {
            const bool in_header = position < header.size();
            const char* from = in_header ? header.data() + position : values + (position - header.size());
            const std::uint64_t left = in_header ? header.size() - position : header.size() + value_bytes - position;
            const std::uint64_t step = std::min(left, count - done);
            std::memcpy(to + done, from, step);
            done += step, position += step;
        }
        return zip_int64_t(done);
    }
};

zip_int64_t serve_member(void* state, void* data, zip_uint64_t count, zip_source_cmd_t command) {
    auto& content = *static_cast<MemberContent*>(state);
    switch (command) {
    case ZIP_SOURCE_OPEN: content.position = 0; return 0;
    case ZIP_SOURCE_READ: return content.read(static_cast<char*>(data), count);
    case ZIP_SOURCE_CLOSE: return 0;
    case ZIP_SOURCE_STAT: {
        auto* stat = static_cast<zip_stat_t*>(data);
        zip_stat_init(stat);
        stat->size = content.header.size() + content.value_bytes;
        stat->valid = ZIP_STAT_SIZE;
        return sizeof(*stat);
    }
    case ZIP_SOURCE_ERROR: return zip_error_to_data(&content.error, data, count);
    case ZIP_SOURCE_FREE: return 0; // write_npz() owns the content
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                              ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
    default: zip_error_set(&content.error, ZIP_ER_OPNOTSUPP, 0); return -1;
    }
}

Result<void> add_member(zip_t* archive, const std::filesystem::path& path, const std::string& name,
                        MemberContent& content) {
    zip_source_t* source = zip_source_function(archive, serve_member, &content);
    const zip_int64_t index = source ? zip_file_add(archive, (name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0) {
        if (source) zip_source_free(source);
        return fail(fmt::format("{}: member \"{}\" cannot be added, {}", path.string(), name, zip_strerror(archive)));
    }
    zip_set_file_compression(archive, zip_uint64_t(index), ZIP_CM_STORE, 0);
    zip_file_set_dostime(archive, zip_uint64_t(index), 0, 0x21, 0); // 1980-01-01: no clock in the bytes
    return {};
}

} // namespace

Result<std::vector<HostTensor>> read_npz(const std::filesystem::path& path, const TensorFilter& filter) {
    const ZipHandle archive = TRY(open_zip(path));
    std::vector<zip_stat_t> wanted;
    double unpacked_bytes = 0; // double: the sum of hostile sizes must not wrap
    const std::vector<zip_stat_t> members = TRY(list_members(archive.get(), path));
    for (const zip_stat_t& member : members) {
        if (filter && !filter(std::string_view(member.name).substr(0, std::strlen(member.name) - 4))) continue;
        unpacked_bytes += double(member.size);
        wanted.push_back(member);
    }
    std::error_code ignored;
    const double file_bytes = double(std::filesystem::file_size(path, ignored));
    if (unpacked_bytes > npz_free_bytes + npz_max_ratio * file_bytes)
        return fail(
            fmt::format("{}: {:.1f} MiB would unpack to {:.1f} MiB, more than {} times as much, which looks like a zip "
                        "bomb; save it uncompressed with numpy.savez() if it is real",
                        path.string(), file_bytes / (1 << 20), unpacked_bytes / (1 << 20), npz_max_ratio));
    std::vector<HostTensor> tensors;
    for (const zip_stat_t& member : wanted) {
        const std::string name(member.name, std::strlen(member.name) - 4);
        const std::string subject = fmt::format("{}: {}", path.string(), member.name);
        tensors.push_back(TRY(read_member(archive.get(), member, subject, name)));
    }
    return tensors;
}

Result<void> write_npz(const std::filesystem::path& path, std::span<const TensorToWrite> tensors) {
    std::vector<MemberContent> contents(tensors.size()); // outlives the archive, which reads it in zip_close()
    int code = 0;
    // libzip itself writes to a temporary beside and renames.
    ZipHandle archive(zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
    if (!archive) return tl::unexpected(write_error(path, errno));
    for (std::size_t index = 0; index < tensors.size(); ++index) {
        const TensorToWrite& tensor = tensors[index];
        MemberContent& content = contents[index];
        content.header = npy_header("<f4", tensor.shape);
        content.values = reinterpret_cast<const char*>(tensor.values);
        content.value_bytes = std::uint64_t(element_count(tensor.shape).value_or(0)) * sizeof(float);
        TRY(add_member(archive.get(), path, tensor.name, content));
    }
    if (zip_close(archive.get()) != 0) {
        zip_error_t* error = zip_get_error(archive.get());
        const int error_code = zip_error_code_system(error);
        if (error_code != 0) return tl::unexpected(write_error(path, error_code));
        return fail(fmt::format("{}: cannot be written, {}", path.string(), zip_error_strerror(error)));
    }
    archive.release(); // closed
    return {};
}

} // namespace dilascope
