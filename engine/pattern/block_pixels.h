#pragma once
// How ranges of tokens meet blocks: whole blocks, and the cut ones at both ends, weighed by their tokens.
#include "engine/pattern/pairs.h"
#include "engine/pattern/pixels.h"
#include <vector>

namespace dilascope {

// Block indices that a range of tokens meets in `weight` tokens each.
struct BlockGroup {
    Range blocks;
    std::int64_t weight = 0;
};
struct BlockGroups {
    BlockGroup group[3];
    int count = 0;
    void add(Range blocks, std::int64_t weight) {
        if (blocks.size() > 0 && weight > 0) group[count++] = {blocks, weight};
    }
    const BlockGroup* begin() const { return group; }
    const BlockGroup* end() const { return group + count; }
};

// A token as its block and what remains.
struct BlockPlace {
    std::int64_t block = 0, rest = 0;
};
inline std::vector<BlockPlace> block_places(std::span<const std::int64_t> tokens, std::int64_t block) {
    std::vector<BlockPlace> places;
    for (std::int64_t token : tokens) places.push_back({token / block, token % block});
    return places;
}

inline BlockGroups block_groups(BlockPlace begin, BlockPlace end, std::int64_t block) {
    BlockGroups groups;
    if (begin.block == end.block) {
        groups.add({begin.block, begin.block + 1}, end.rest - begin.rest);
        return groups;
    }
    const std::int64_t whole_begin = begin.rest > 0 ? begin.block + 1 : begin.block;
    groups.add({begin.block, whole_begin}, block - begin.rest);
    groups.add({whole_begin, end.block}, block);
    groups.add({end.block, end.block + 1}, end.rest);
    return groups;
}
inline BlockGroups block_groups(Range tokens, std::int64_t block) {
    if (tokens.size() == 0) return {};
    return block_groups({tokens.begin / block, tokens.begin % block}, {tokens.end / block, tokens.end % block}, block);
}

// Causality leaves a triangle of the diagonal blocks, where keys ≤ queries. Adds those of a row of pixels: whole blocks
// inside a pixel are alike, so count_whole(blocks) says how many of them take part; cut ones are asked for singly.
template <class Holds, class CountWhole>
void add_diagonal_blocks(std::int64_t block, Range rows, std::span<const std::int64_t> edges,
                         std::span<std::int64_t> counts, Holds holds, CountWhole count_whole) {
    if (rows.size() == 0) return;
    for (std::size_t pixel = pixel_at(edges, rows.begin / block * block);
         pixel < counts.size() && edges[pixel] < rows.end; ++pixel) {
        const Range keys{edges[pixel], edges[pixel + 1]};
        const Range both = intersect(rows, keys);
        const Range whole{(both.begin + block - 1) / block, both.end / block};
        if (whole.size() > 0) counts[pixel] += count_whole(whole) * (block * (block + 1) / 2);
        const auto add_cut = [&](std::int64_t index) {
            if (whole.contains(index) || !holds(index)) return;
            const Range own{index * block, (index + 1) * block};
            counts[pixel] += pairs_at_or_below(intersect(rows, own), intersect(keys, own), 0);
        };
        // Blocks that reach into both ranges without lying in both: those of the ranges' ends.
        std::int64_t cut[4] = {rows.begin / block, (rows.end - 1) / block, keys.begin / block,
                               std::max(keys.begin, keys.end - 1) / block};
        std::sort(std::begin(cut), std::end(cut));
        for (int index = 0; index < 4; ++index)
            if (index == 0 || cut[index] != cut[index - 1]) add_cut(cut[index]);
    }
}

} // namespace dilascope
