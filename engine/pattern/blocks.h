#pragma once
// Blocks: a union of block-level patterns over one block grid, joined by " + " in the text form. One softmax over the
// union of a row's blocks; a key that two parts share counts once.
#include "engine/pattern/bit_matrix.h"
#include "engine/pattern/dilated_blocks.h"
#include "engine/pattern/global.h"
#include "engine/pattern/hierarchical.h"
#include "engine/pattern/hierarchical_distributed.h"
#include "engine/pattern/local.h"
#include "engine/pattern/mask.h"
#include "engine/pattern/random_blocks.h"
#include "engine/pattern/strided.h"
#include <variant>

namespace dilascope {

using BlockPart =
    std::variant<Local, Global, Strided, RandomBlocks, DilatedBlocks, Hierarchical, HierarchicalDistributed, Mask>;

struct Blocks {
    std::vector<BlockPart> parts; // at least one, all of the same block size
    friend bool operator==(const Blocks&, const Blocks&) = default;
};

std::int64_t block_of(const BlockPart& part);
inline BlockGrid block_grid(const Blocks& blocks, const Problem& problem) {
    return block_grid(block_of(blocks.parts.front()), problem);
}

// A branch of the union: one branch of one part.
struct PartBranch {
    const BlockPart* part = nullptr;
    int branch = 0; // within the part
};
std::vector<PartBranch> part_branches(const Blocks& blocks);
std::string branch_name(const Blocks& blocks, int branch);

// Bit J of `words` (block_grid().words() of them, overwritten): whether block (row, J) belongs to the given branch, or
// to any for branch −1.
void block_row(const Blocks& blocks, const Problem& problem, std::int64_t head, int branch, std::int64_t row,
               std::span<std::uint64_t> words);
// The regular sets of the branch (−1: all) as cells; false when a part of it is irregular.
bool regular_cells(const Blocks& blocks, const Problem& problem, std::int64_t head, int branch,
                   std::vector<BlockCells>& cells);

Result<void> validate(const Blocks&, const Problem&);
BranchSet branches(const Blocks&, const Problem&, std::int64_t head, std::int64_t position, std::int64_t key);
int branch_count(const Blocks&);
int head_class(const Blocks&, const Problem&, std::int64_t head);
void count_row(const Blocks&, const Problem&, std::int64_t head, Count what, Range rows,
               std::span<const std::int64_t> edges, std::span<std::int64_t> counts);
void count_picture(const Blocks&, const Problem&, std::int64_t head, Count what, const PixelGrid&, const RowDone& done);
void append_tiles(const Blocks&, const Problem&, std::int64_t head, PlanBuilder& builder);

} // namespace dilascope
