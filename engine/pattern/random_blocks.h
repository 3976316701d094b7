#pragma once
// Random blocks: each block takes part with a given probability, by a counter-based hash: the same on every machine.
#include "engine/pattern/block_part.h"

namespace dilascope {

struct RandomBlocks {
    static constexpr const char* kind_name = "random";
    static constexpr const char* help = "Each block with the given probability, fixed by the seed";
    static constexpr bool is_regular = false;
    std::int64_t block = 64;
    double density = 0.1; // probability, resolved to 2^-24
    std::int64_t seed = 0;
    bool per_head = true;

    template <class Self, class V> static void visit(Self& self, V&& v) {
        visit_block(self, v);
        v(Field{"density", "Probability of each block", "", 0, 1}, self.density);
        v(Field{"seed", "Another seed, another draw", "", 0, 0x1p40}, self.seed);
        v(Field{"per_head", "Each head draws its own blocks"}, self.per_head);
    }
    friend bool operator==(const RandomBlocks&, const RandomBlocks&) = default;
};

// A well-mixed hash of a key and a counter (the finaliser of SplitMix64, Steele et al. 2014).
inline std::uint64_t hashed(std::uint64_t key, std::uint64_t counter) {
    std::uint64_t z = key + (counter + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

// Irregular patterns are drawn block by block; beyond this many block rows no picture or plan would end.
inline constexpr std::int64_t max_irregular_rows = std::int64_t{1} << 17;
// Error when a pattern of this name would have more block rows than that.
Result<void> validate_irregular(std::string_view name, std::int64_t block, const Problem&);

Result<void> validate(const RandomBlocks&, const Problem&);
inline int branch_count(const RandomBlocks&) { return 1; }
inline std::string branch_name(const RandomBlocks&, int) { return "random"; }
inline std::int64_t head_period(const RandomBlocks& part) { return part.per_head ? 0 : 1; }
BranchSet branches(const RandomBlocks&, const BlockGrid&, std::int64_t head, std::int64_t row, std::int64_t column);
void fill_row(const RandomBlocks&, const BlockGrid&, std::int64_t head, int branch, std::int64_t row,
              std::span<std::uint64_t> words);

} // namespace dilascope
