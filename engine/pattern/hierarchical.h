#pragma once
// Hierarchical: levels {stride, window}; block rows at multiples of a level's stride see that level's window.
#include "engine/pattern/block_part.h"

namespace dilascope {

struct Level {
    static constexpr std::int64_t all = -1;
    std::int64_t stride = 64;  // tokens between the rows of the level
    std::int64_t window = 256; // tokens around the diagonal, or `all`
    friend bool operator==(const Level&, const Level&) = default;
};

struct Hierarchical {
    static constexpr const char* kind_name = "hierarchical";
    static constexpr const char* help = "Levels stride:window; rows at multiples of the stride see the window";
    static constexpr bool is_regular = true;
    std::int64_t block = 64;
    std::vector<Level> levels = {{64, 256}, {256, 1024}, {1024, Level::all}};

    template <class Self, class V> static void visit(Self& self, V&& v) {
        visit_block(self, v);
        v(Field{"levels", "stride:window of each level in tokens, e.g. 64:256,256:1024,1024:all", "tokens"},
          self.levels);
    }
    friend bool operator==(const Hierarchical&, const Hierarchical&) = default;
};

// Text of the levels, "64:256,1024:all", and back.
std::string level_text(const std::vector<Level>& levels);
Result<std::vector<Level>> parse_levels(std::string_view text);

Result<void> validate(const Hierarchical&, const Problem&);
inline int branch_count(const Hierarchical&) { return 1; }
inline std::string branch_name(const Hierarchical&, int) { return "hierarchical"; }
inline std::int64_t head_period(const Hierarchical&) { return 1; }
BranchSet branches(const Hierarchical&, const BlockGrid&, std::int64_t head, std::int64_t row, std::int64_t column);
void append_cells(const Hierarchical&, const BlockGrid&, std::int64_t head, int branch, std::vector<BlockCells>& cells);

} // namespace dilascope
