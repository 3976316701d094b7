#pragma once
// Mask: the pattern of a file, a 0/1 matrix of blocks (or of tokens, block=1). The engine reads no files: whoever does
// registers a reader.
#include "engine/pattern/bit_matrix.h"
#include "engine/pattern/random_blocks.h"
#include <memory>

namespace dilascope {

using MaskReader = Result<std::shared_ptr<const BitMatrix>> (*)(const std::string& file);
// The function that reads `mask file=…`; until one is set such patterns are refused. Set once, before any pattern.
void set_mask_reader(MaskReader reader);

struct Mask {
    static constexpr const char* kind_name = "mask";
    static constexpr const char* help = "A 0/1 matrix read from a .npy file";
    static constexpr bool is_regular = false;
    std::int64_t block = 1; // tokens that one element stands for
    std::string file;
    std::shared_ptr<const BitMatrix> bits; // of the file, read when the text is

    template <class Self, class V> static void visit(Self& self, V&& v) {
        visit_block(self, v);
        v(Field{"file", "A .npy file of a matrix; elements that are not 0 take part"}, self.file);
    }
    friend bool operator==(const Mask&, const Mask&) = default;
};

// Reads the file of a mask.
Result<void> read_file(Mask& mask);

Result<void> validate(const Mask&, const Problem&);
inline int branch_count(const Mask&) { return 1; }
inline std::string branch_name(const Mask&, int) { return "mask"; }
inline std::int64_t head_period(const Mask&) { return 1; }
inline BranchSet branches(const Mask& mask, const BlockGrid&, std::int64_t, std::int64_t row, std::int64_t column) {
    return mask.bits->at(row, column);
}
void fill_row(const Mask&, const BlockGrid&, std::int64_t head, int branch, std::int64_t row,
              std::span<std::uint64_t> words);

} // namespace dilascope
