#pragma once
// Dilated blocks: the diagonal block and those at distance rate before and after it, for each rate.
#include "engine/pattern/block_part.h"

namespace dilascope {

struct DilatedBlocks {
    static constexpr const char* kind_name = "dilated_blocks";
    static constexpr const char* help = "The diagonal block and the blocks at each rate's distance from it";
    static constexpr bool is_regular = true;
    std::int64_t block = 64;
    std::vector<std::int64_t> rates = {1, 2, 4}; // blocks
    bool per_head = false;                       // head h takes rate h mod count alone

    template <class Self, class V> static void visit(Self& self, V&& v) {
        visit_block(self, v);
        v(Field{"rates", "Distances from the diagonal", "blocks", 1, 0x1p30}, self.rates);
        v(Field{"per_head", "Head h takes one rate only, number h mod the count of rates"}, self.per_head);
    }
    friend bool operator==(const DilatedBlocks&, const DilatedBlocks&) = default;
};

// The rates a head takes.
std::span<const std::int64_t> rates_of(const DilatedBlocks&, std::int64_t head);

Result<void> validate(const DilatedBlocks&, const Problem&);
inline int branch_count(const DilatedBlocks&) { return 1; }
inline std::string branch_name(const DilatedBlocks&, int) { return "dilated blocks"; }
inline std::int64_t head_period(const DilatedBlocks& part) {
    return part.per_head ? std::int64_t(part.rates.size()) : 1;
}
BranchSet branches(const DilatedBlocks&, const BlockGrid&, std::int64_t head, std::int64_t row, std::int64_t column);
void append_cells(const DilatedBlocks&, const BlockGrid&, std::int64_t head, int branch,
                  std::vector<BlockCells>& cells);

} // namespace dilascope
