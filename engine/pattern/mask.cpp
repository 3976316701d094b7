#include "engine/pattern/mask.h"
#include <fmt/format.h>

namespace dilascope {

static MaskReader mask_reader = nullptr;

void set_mask_reader(MaskReader reader) { mask_reader = reader; }

Result<void> read_file(Mask& mask) {
    if (mask.file.empty()) return fail("mask: file is missing; write e.g. mask file=m.npy block=64");
    if (!mask_reader) return fail("mask: this program reads no mask files");
    mask.bits = TRY(mask_reader(mask.file));
    return {};
}

Result<void> validate(const Mask& mask, const Problem& problem) {
    if (!mask.bits) return fail(fmt::format("mask: {} has not been read", mask.file));
    const BlockGrid grid = block_grid(mask.block, problem);
    if (mask.bits->rows != grid.count || mask.bits->columns != grid.count)
        return fail(fmt::format("mask: {} has {} × {} elements, but {} tokens are {} blocks of {}; expected {} × {}",
                                mask.file, mask.bits->rows, mask.bits->columns, problem.kv_len, grid.count, mask.block,
                                grid.count, grid.count));
    return validate_irregular("mask", mask.block, problem);
}

void fill_row(const Mask& mask, const BlockGrid&, std::int64_t, int, std::int64_t row, std::span<std::uint64_t> words) {
    const std::span<const std::uint64_t> bits = mask.bits->row(row);
    for (std::size_t word = 0; word < words.size(); ++word) words[word] |= bits[word];
}

} // namespace dilascope
