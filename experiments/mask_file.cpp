#include "experiments/mask_file.h"
#include "experiments/npy.h"
#include <deque>
#include <fmt/format.h>
#include <mutex>
#include <sys/stat.h>
#include <xxhash.h>

namespace dilascope {

namespace {

constexpr std::int64_t max_elements = std::int64_t{1} << 28; // 16 384 × 16 384, 32 MiB of bits

// What tells a file's versions apart without reading it.
struct FileVersion {
    std::string path;
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t time_s = 0, time_ns = 0;
    friend bool operator==(const FileVersion&, const FileVersion&) = default;
};

// A missing file has a version too: opening it says what is wrong.
FileVersion version_of(const std::string& file) {
    struct stat status {};
    FileVersion version{file};
    if (::stat(file.c_str(), &status) != 0) return version;
    version.device = status.st_dev, version.inode = status.st_ino, version.size = std::uint64_t(status.st_size);
    version.time_s = status.st_mtim.tv_sec, version.time_ns = status.st_mtim.tv_nsec;
    return version;
}

struct KnownMask {
    FileVersion version;
    std::shared_ptr<const BitMatrix> bits;
};

// The newest few: enough for a union of masks and its undo steps, and bounded.
constexpr std::size_t known_masks_max = 8;
std::mutex known_mutex;
std::deque<KnownMask> known_masks; // newest first

bool is_float(ElementType type) {
    return type == ElementType::f16 || type == ElementType::bf16 || type == ElementType::f32 ||
           type == ElementType::f64;
}

// Whether a stored element is not 0. A float's sign does not count: −0 is 0.
bool is_set(const unsigned char* element, std::int64_t bytes, bool is_float_type) {
    unsigned any = 0;
    for (std::int64_t byte = 0; byte + 1 < bytes; ++byte) any |= element[byte];
    const unsigned last = element[bytes - 1];
    return (any | (is_float_type ? last & 0x7fu : last)) != 0;
}

Result<BitMatrix> read_bits(const std::string& file) {
    const std::unique_ptr<FileSource> source = TRY(FileSource::open(file));
    const NpyHeader header = TRY(read_npy_header(*source));
    if (header.shape.size() != 2 || header.shape[0] < 1 || header.shape[1] < 1)
        return fail(fmt::format("{}: has the shape {}; a mask is a matrix with a row and a column for each block",
                                source->subject(), shape_text(header.shape)));
    if (*element_count(header.shape) > max_elements)
        return fail(fmt::format("{}: has {} × {} elements; a mask has at most {}, so let one element stand for a block",
                                source->subject(), header.shape[0], header.shape[1], max_elements));
    BitMatrix bits(header.shape[0], header.shape[1]);
    const std::int64_t bytes = element_bytes(header.type), count = bits.rows * bits.columns;
    if (source->remaining() != count * bytes)
        return fail(fmt::format("{}: {} bytes follow its header, but {} elements of {} bytes are {}; write it with "
                                "numpy.save()",
                                source->subject(), source->remaining(), count, bytes, count * bytes));
    // As it lies in the file: rows of columns, or columns of rows.
    const std::int64_t line_length = header.fortran_order ? bits.rows : bits.columns;
    std::vector<unsigned char> line(std::size_t(line_length * bytes));
    for (std::int64_t index = 0; index < count / line_length; ++index) {
        TRY(source->read(line.data(), std::int64_t(line.size())));
        for (std::int64_t place = 0; place < line_length; ++place)
            if (is_set(line.data() + place * bytes, bytes, is_float(header.type)))
                header.fortran_order ? bits.set(place, index) : bits.set(index, place);
    }
    return bits;
}

} // namespace

Result<std::shared_ptr<const BitMatrix>> read_mask(const std::string& file) {
    const FileVersion version = version_of(file);
    const std::lock_guard lock(known_mutex);
    for (const KnownMask& known : known_masks)
        if (known.version == version) return known.bits;
    auto bits = std::make_shared<const BitMatrix>(TRY(read_bits(file)));
    std::erase_if(known_masks, [&](const KnownMask& known) { return known.version.path == file; });
    known_masks.push_front({version, bits});
    if (known_masks.size() > known_masks_max) known_masks.pop_back();
    return bits;
}

void use_mask_files() { set_mask_reader(read_mask); }

std::string mask_content_hash(const Pattern& pattern) {
    const Blocks* blocks = std::get_if<Blocks>(&pattern.kind);
    if (!blocks) return "";
    XXH64_hash_t hash = 0;
    bool has_mask = false;
    for (const BlockPart& part : blocks->parts) {
        const Mask* mask = std::get_if<Mask>(&part);
        if (!mask || !mask->bits) continue;
        has_mask = true;
        const std::int64_t shape[2] = {mask->bits->rows, mask->bits->columns};
        hash = XXH3_64bits_withSeed(shape, sizeof shape, hash);
        hash = XXH3_64bits_withSeed(mask->bits->words.data(), mask->bits->words.size() * sizeof(std::uint64_t), hash);
    }
    return has_mask ? fmt::format("{:016x}", hash) : "";
}

} // namespace dilascope
