#pragma once
// Hierarchical distributed: the generator of dilated-attention-pytorch's DistributedSparseConfig, levels local, global
// and inter-node over blocks owned by ranks on nodes. One set union, one softmax; each level is a branch.
#include "engine/pattern/random_blocks.h"

namespace dilascope {

// Which levels take part.
enum class NodeLevel : std::uint8_t { all, local, global, inter_node };
constexpr auto enum_names(NodeLevel) { return std::array<std::string_view, 4>{"all", "local", "global", "inter_node"}; }

struct HierarchicalDistributed {
    static constexpr const char* kind_name = "hierarchical_distributed";
    static constexpr const char* help = "Random levels by node ownership: a local window, global blocks, other nodes";
    static constexpr bool is_regular = false;
    std::int64_t block = 128;
    double local = 0.4;          // share of each row's window that is kept
    double global = 0.1;         // share of blocks in the leading rows, and of each dilation's columns
    double inter_node = 0.05;    // share of all cells that become cells between nodes
    std::int64_t world_size = 8; // ranks; each owns an equal run of blocks
    std::int64_t node_size = 8;  // ranks on a node
    NodeLevel level = NodeLevel::all;
    std::int64_t seed = 0;
    bool legacy = false;

    template <class Self, class V> static void visit(Self& self, V&& v) {
        visit_block(self, v);
        v(Field{"local", "Share of each row's window on its own node that is kept, the diagonal always", "", 0, 1},
          self.local);
        v(Field{"global", "Share of the leading rows' blocks, and of the columns at each of the dilations 1 2 4 8", "",
                0, 1},
          self.global);
        v(Field{"inter_node", "Cells between nodes, as a share of all cells", "", 0, 1}, self.inter_node);
        v(Field{"world_size", "Ranks, each owning an equal run of blocks", "", 1, 1 << 20}, self.world_size);
        v(Field{"node_size", "Ranks on one node", "", 1, 1 << 20}, self.node_size);
        v(Field{"level", "One level alone, or all of them"}, self.level);
        v(Field{"seed", "Another seed, another draw", "", 0, 0x1p40}, self.seed);
        v(Field{"legacy", "As the Python library: its local window is a token count mixed with a block count and cut "
                          "to 0 cells below 4·block² tokens (0.0 %), and inter_node ignores nodes"},
          self.legacy);
    }
    friend bool operator==(const HierarchicalDistributed&, const HierarchicalDistributed&) = default;
};

Result<void> validate(const HierarchicalDistributed&, const Problem&);
inline int branch_count(const HierarchicalDistributed&) { return 3; }
std::string branch_name(const HierarchicalDistributed&, int branch);
inline std::int64_t head_period(const HierarchicalDistributed&) { return 0; }
BranchSet branches(const HierarchicalDistributed&, const BlockGrid&, std::int64_t head, std::int64_t row,
                   std::int64_t column);
void fill_row(const HierarchicalDistributed&, const BlockGrid&, std::int64_t head, int branch, std::int64_t row,
              std::span<std::uint64_t> words);

} // namespace dilascope
