#pragma once
// Random problems and patterns for property tests: awkward sizes on purpose, the same sequence on every machine.
#include "engine/pattern/pattern.h"
#include <random>
#include <vector>

namespace dilascope {

// std::uniform_int_distribution differs between libraries; the remainder of a mersenne twister does not.
inline std::int64_t pick(std::mt19937_64& random, std::int64_t low, std::int64_t high) {
    return low + std::int64_t(random() % std::uint64_t(high - low + 1));
}
template <class T> T pick_of(std::mt19937_64& random, const std::vector<T>& choices) {
    return choices[random() % choices.size()];
}

// Any dilated pattern for `heads` heads: segments that do and do not divide, rates that do and do not divide segments.
inline Dilated random_dilated(std::mt19937_64& random, std::int64_t longest, std::int64_t heads) {
    Dilated dilated;
    dilated.segment_lengths.clear(), dilated.dilation_rates.clear();
    dilated.heads = HeadMode(pick(random, 0, 2));
    const std::int64_t most = dilated.heads == HeadMode::all ? 5 : std::min<std::int64_t>(5, heads);
    const std::int64_t branch_total = pick(random, 1, most);
    const bool nested = pick(random, 0, 2) == 0; // a ladder: segments that divide each other, rates that divide them
    for (std::int64_t branch = 0; branch < branch_total; ++branch) {
        const bool power = pick(random, 0, 1) == 0;
        const std::int64_t segment =
            power ? std::int64_t{1} << pick(random, 0, 9) : pick(random, 1, longest + longest / 4 + 1);
        dilated.segment_lengths.push_back(segment);
        dilated.dilation_rates.push_back(pick(random, 1, std::min<std::int64_t>(segment, 13)));
        if (!nested) continue;
        dilated.segment_lengths.back() = std::int64_t{3} << pick(random, 0, 7);
        dilated.dilation_rates.back() =
            pick_of<std::int64_t>(random, {1, 3}) *
            std::min(std::int64_t{1} << pick(random, 0, 4), dilated.segment_lengths.back() / 3);
    }
    dilated.phase = PhaseMode(pick(random, 0, 4));
    if (dilated.phase != PhaseMode::list) return dilated;
    std::int64_t offset_total = pick(random, 1, heads);
    while (heads % offset_total != 0) --offset_total;
    while (std::int64_t(dilated.offsets.size()) < offset_total) dilated.offsets.push_back(pick(random, 0, 20));
    return dilated;
}

inline BlockPart random_part(std::mt19937_64& random, std::int64_t block, std::int64_t longest) {
    switch (pick(random, 0, 7)) {
    case 0: return Local{block, pick(random, 0, longest)};
    case 1: return Global{block, pick(random, 0, longest / 4)};
    case 2: return Strided{block, pick(random, 1, 7)};
    case 3: return RandomBlocks{block, double(pick(random, 0, 8)) / 8, pick(random, 0, 99), pick(random, 0, 1) == 1};
    case 4: return DilatedBlocks{block, {pick(random, 1, 3), pick(random, 1, 9)}, pick(random, 0, 1) == 1};
    case 5: return Hierarchical{block, {{pick(random, 1, 40), pick(random, 0, 90)}, {pick(random, 1, 90), Level::all}}};
    case 6: return RandomBlocks{block, 0.1};
    default: {
        HierarchicalDistributed part;
        part.block = block, part.world_size = pick(random, 1, 9), part.node_size = pick(random, 1, 4);
        part.local = double(pick(random, 0, 4)) / 4, part.legacy = pick(random, 0, 1) == 1;
        part.level = NodeLevel(pick(random, 0, 3));
        return part;
    }
    }
}

// A union of one to three block patterns, mostly with several blocks in `longest` tokens.
inline Blocks random_blocks(std::mt19937_64& random, std::int64_t longest) {
    const std::int64_t block = pick_of<std::int64_t>(random, {1, 2, 7, 16, 64, 128});
    Blocks blocks;
    for (std::int64_t part = pick(random, 1, 3); part > 0; --part)
        blocks.parts.push_back(random_part(random, block, longest));
    return blocks;
}

inline Pattern random_pattern(std::mt19937_64& random, std::int64_t longest, std::int64_t heads) {
    switch (pick(random, 0, 8)) {
    case 0: return {Dense{}};
    case 1: return {Window{pick(random, 0, longest), pick(random, 0, longest)}};
    case 2:
    case 3:
    case 4: return {random_blocks(random, longest)};
    default: return {random_dilated(random, longest, heads)};
    }
}

// Any pattern along a random curve on a random grid, in one of the three uses; now and then the plain row order.
inline Pattern random_ordered_pattern(std::mt19937_64& random, std::int64_t kv_len, std::int64_t heads) {
    Pattern pattern = random_pattern(random, kv_len, heads);
    pattern.order.curve = Curve(pick(random, 0, 3));
    if (pattern.order.is_row()) return pattern;
    pattern.order.use = OrderUse(pick(random, 0, 2));
    if (pick(random, 0, 2) > 0) return pattern;
    pattern.order.grid.width = pick(random, 1, 30);
    pattern.order.grid.height = (kv_len + pattern.order.grid.width - 1) / pattern.order.grid.width + pick(random, 0, 3);
    return pattern;
}

inline Problem random_problem(std::mt19937_64& random, const std::vector<std::int64_t>& lengths) {
    Problem problem;
    problem.seq_len = pick_of(random, lengths);
    problem.kv_len = problem.seq_len + (pick(random, 0, 3) == 0 ? pick(random, 1, 70) : 0);
    problem.heads = pick(random, 1, 13);
    std::vector<std::int64_t> divisors;
    for (std::int64_t divisor = 1; divisor <= problem.heads; ++divisor)
        if (problem.heads % divisor == 0) divisors.push_back(divisor);
    problem.kv_heads = pick_of(random, divisors);
    problem.batch = pick(random, 1, 3);
    problem.causal = pick(random, 0, 1) == 1;
    return problem;
}

} // namespace dilascope
