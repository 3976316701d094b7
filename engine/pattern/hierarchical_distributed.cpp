#include "engine/pattern/hierarchical_distributed.h"
#include <cmath>
#include <fmt/format.h>

namespace dilascope {

namespace {

// One row of one level under construction.
struct Row {
    const HierarchicalDistributed& part;
    const BlockGrid& grid;
    std::int64_t row;
    std::uint64_t key; // of this (seed, level, head, row)
    std::span<std::uint64_t> words;

    void set(std::int64_t column) const { words[std::size_t(column / 64)] |= std::uint64_t{1} << (column % 64); }
    bool is_set(std::int64_t column) const { return words[std::size_t(column / 64)] >> (column % 64) & 1; }
    // A fair draw in [0, range) for a counter; the bias of the product is below range / 2^64.
    std::int64_t draw(std::uint64_t counter, std::int64_t range) const {
        __extension__ using Wide = unsigned __int128;
        return std::int64_t(Wide(hashed(key, counter)) * Wide(range) >> 64);
    }
    bool chance(std::uint64_t counter, double probability) const {
        return double(hashed(key, counter) >> 11) * 0x1p-53 < probability;
    }
    // `count` distinct numbers of [0, range): Floyd's sampling; at(number) is the cell.
    template <class At> void sample(std::int64_t count, std::int64_t range, At at) const {
        for (std::int64_t last = range - count; last < range; ++last) {
            const std::int64_t pick = draw(std::uint64_t(last), last + 1);
            set(is_set(at(pick)) ? at(last) : at(pick));
        }
    }
};

// Blocks owned by the node that owns a block: ranks own equal runs, nodes consecutive ranks.
Range node_blocks(const HierarchicalDistributed& part, const BlockGrid& grid, std::int64_t block) {
    const std::int64_t nodes = (part.world_size + part.node_size - 1) / part.node_size;
    const auto begin_of = [&](std::int64_t node) {
        const std::int64_t rank = std::min(node * part.node_size, part.world_size);
        return (rank * grid.count + part.world_size - 1) / part.world_size;
    };
    std::int64_t node = std::min(nodes - 1, block * part.world_size / grid.count / part.node_size);
    return {begin_of(node), begin_of(node + 1)};
}

void fill_local(const Row& row) {
    const HierarchicalDistributed& part = row.part;
    const std::int64_t count = row.grid.count;
    if (part.legacy) { // tokens and blocks mixed, the fraction cut off, the window's first entries kept
        const std::int64_t half = std::min<std::int64_t>(512, count / 4) / part.block;
        const Range window = intersect({row.row - half, row.row + half + 1}, {0, count});
        const auto kept = std::int64_t(double(window.size()) * part.local);
        for (std::int64_t column = window.begin; column < window.begin + kept; ++column) row.set(column);
        return;
    }
    const std::int64_t half = std::max<std::int64_t>(1, std::min(512 / part.block, count / 4));
    const Range window = intersect({row.row - half, row.row + half + 1}, node_blocks(part, row.grid, row.row));
    const std::int64_t kept = std::max<std::int64_t>(1, std::llround(part.local * double(window.size())));
    row.set(row.row);
    row.sample(std::min(kept, window.size()) - 1, window.size() - 1, [&](std::int64_t number) {
        const std::int64_t column = window.begin + number;
        return column < row.row ? column : column + 1; // the window without the diagonal
    });
}

void fill_global(const Row& row) {
    const HierarchicalDistributed& part = row.part;
    const std::int64_t count = row.grid.count, leading = std::min<std::int64_t>(16, count / 8);
    const double share = double(count) * part.global;
    if (row.row < leading)
        row.sample(part.legacy ? std::int64_t(share) : std::max<std::int64_t>(1, std::llround(share)), count,
                   [](std::int64_t number) { return number; });
    for (std::int64_t column = 0; column < leading; ++column) row.set(column);
    if (row.row < leading) return;
    for (std::int64_t dilation : {1, 2, 4, 8})
        for (std::int64_t column = 0; column < count; column += dilation)
            if (row.chance(std::uint64_t(count + dilation * count + column), part.global)) row.set(column);
}

// ⌊count²·share⌋ cells over all rows, evenly: row i takes the difference of the rounded running totals.
void fill_inter_node(const Row& row) {
    const HierarchicalDistributed& part = row.part;
    const std::int64_t count = row.grid.count;
    const Range own = part.legacy ? Range{0, 0} : node_blocks(part, row.grid, row.row);
    const auto total = std::int64_t(double(count) * double(count) * part.inter_node);
    __extension__ using Wide = __int128;
    // Rotated by a draw of its own so that few cells do not always fall on the last rows.
    const std::int64_t turn = std::int64_t(hashed(row.key - std::uint64_t(row.row), 0) % std::uint64_t(count));
    const std::int64_t place = (row.row + turn) % count;
    const auto kept = std::int64_t(Wide(place + 1) * total / count - Wide(place) * total / count);
    const std::int64_t others = count - own.size();
    row.sample(std::min(kept, others), others,
               [&](std::int64_t number) { return number < own.begin ? number : number + own.size(); });
}

} // namespace

Result<void> validate(const HierarchicalDistributed& part, const Problem& problem) {
    for (const auto& [name, share] :
         {std::pair{"local", part.local}, std::pair{"global", part.global}, std::pair{"inter_node", part.inter_node}})
        if (!(share >= 0 && share <= 1))
            return fail(fmt::format("hierarchical_distributed: {} is {}; expected 0 … 1", name, share));
    if (part.world_size < 1 || part.world_size > 1 << 20)
        return fail(fmt::format("hierarchical_distributed: world_size is {}; expected 1 … 2^20", part.world_size));
    if (part.node_size < 1 || part.node_size > 1 << 20)
        return fail(fmt::format("hierarchical_distributed: node_size is {}; expected 1 … 2^20", part.node_size));
    if (part.seed < 0) return fail(fmt::format("hierarchical_distributed: seed is {}; expected 0 or more", part.seed));
    return validate_irregular("hierarchical_distributed", part.block, problem);
}

std::string branch_name(const HierarchicalDistributed&, int branch) {
    return "level " + std::string(enum_names(NodeLevel{})[std::size_t(branch) + 1]); // "local" alone is another kind
}

void fill_row(const HierarchicalDistributed& part, const BlockGrid& grid, std::int64_t head, int branch,
              std::int64_t row, std::span<std::uint64_t> words) {
    if (part.level != NodeLevel::all && branch + 1 != int(part.level)) return;
    // Levels may overlap; each is drawn on its own and then united, for sampling looks at the bits already set.
    thread_local std::vector<std::uint64_t> drawn;
    drawn.assign(words.size(), 0);
    const std::uint64_t key =
        hashed(hashed(std::uint64_t(part.seed), std::uint64_t(branch)), std::uint64_t(head)) + std::uint64_t(row);
    const Row one{part, grid, row, key, drawn};
    if (branch == 0) fill_local(one);
    if (branch == 1) fill_global(one);
    if (branch == 2) fill_inter_node(one);
    for (std::size_t word = 0; word < words.size(); ++word) words[word] |= drawn[word];
}

BranchSet branches(const HierarchicalDistributed& part, const BlockGrid& grid, std::int64_t head, std::int64_t row,
                   std::int64_t column) {
    // A row is drawn as a whole. Callers ask key after key of one row, so the last row drawn is kept.
    struct Drawn {
        HierarchicalDistributed part;
        std::int64_t count = -1, head = 0, row = 0;
        std::vector<std::uint64_t> words[3];
    };
    thread_local Drawn last;
    if (last.count != grid.count || last.head != head || last.row != row || !(last.part == part)) {
        last.part = part, last.count = grid.count, last.head = head, last.row = row;
        for (int branch = 0; branch < 3; ++branch) {
            last.words[branch].assign(std::size_t(grid.words()), 0);
            fill_row(part, grid, head, branch, row, last.words[branch]);
        }
    }
    BranchSet set = 0;
    for (int branch = 0; branch < 3; ++branch)
        set |= BranchSet(last.words[branch][std::size_t(column / 64)] >> (column % 64) & 1) << branch;
    return set;
}

} // namespace dilascope
