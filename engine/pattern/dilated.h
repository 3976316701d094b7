#pragma once
// Dilated: LongNet's segments and dilations (arXiv 2307.02486) in the general form of which longnet, torchscale, seed
// and fkodom are presets. Branch b splits the positions into segments of segment_lengths[b] and keeps, inside each,
// the positions whose segment-local index ≡ phase (mod dilation_rates[b]); kept queries see kept keys of their segment.
#include "engine/pattern/kind.h"
#include <vector>

namespace dilascope {

// Which heads take part in which branch.
enum class HeadMode : std::uint8_t {
    all,              // every head in every branch (the paper)
    partition,        // heads split over branches in order, the first H mod G branches get one more
    partition_legacy, // fkodom's overlapping ranges [b·g_b, (b+1)·g_b), kept to reproduce its numbers
};
constexpr auto enum_names(HeadMode) { return std::array<std::string_view, 3>{"all", "partition", "partition_legacy"}; }

// Which residue a head keeps in a branch of rate r.
enum class PhaseMode : std::uint8_t {
    head_mod,   // head mod r (the paper)
    head_block, // head div ceil(H/r): blocks of heads share a phase (torchscale)
    group_mod,  // branch index mod r (fkodom, seed)
    zero,       // 0
    list,       // offsets[head] mod r, the list repeated over the heads
};
constexpr auto enum_names(PhaseMode) {
    return std::array<std::string_view, 5>{"head_mod", "head_block", "group_mod", "zero", "list"};
}

// How the branches of one head become one output.
enum class MixMode : std::uint8_t {
    softmax,          // one softmax over the multiset union of the branches' keys (LongNet eq. 11)
    softmax_stopgrad, // the same forward; the backward treats the mixing weights as constants (torchscale)
    mean,             // branch outputs, each its own softmax, averaged over all branches (1/G, seed)
    none,             // branch outputs summed
    fkodom,           // each branch output divided by its sum over the sequence, then by G
};
constexpr auto enum_names(MixMode) {
    return std::array<std::string_view, 5>{"softmax", "softmax_stopgrad", "mean", "none", "fkodom"};
}
constexpr bool is_joint_softmax(MixMode mix) { return mix == MixMode::softmax || mix == MixMode::softmax_stopgrad; }

struct Dilated {
    static constexpr const char* kind_name = "dilated";
    static constexpr const char* help = "Segments and dilations, one softmax over all branches";
    std::vector<std::int64_t> segment_lengths = {2048, 4096, 8192}; // tokens, each ≥ 1; longer than M means M
    std::vector<std::int64_t> dilation_rates = {1, 2, 4};           // 1 … segment length, one for each segment length
    HeadMode heads = HeadMode::all;
    PhaseMode phase = PhaseMode::head_mod;
    MixMode mix = MixMode::softmax;
    std::vector<std::int64_t> offsets = {}; // for phase=list, each ≥ 0; as many as divide the heads

    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"segments", "Segment length of each branch", "tokens", 1, 0x1p40}, self.segment_lengths);
        v(Field{"rates", "Dilation rate of each branch: every rate-th token of a segment takes part", "", 1, 0x1p30},
          self.dilation_rates);
        v(Field{"heads", "all: every head in every branch; partition: heads split over the branches"}, self.heads);
        v(Field{"phase",
                "Which residue a head keeps: head mod rate, blocks of heads, the branch index, 0, or a list's"},
          self.phase);
        v(Field{"offsets", "phase=list: an offset for each head, or for the first of them and again for the next ones",
                "", 0, 0x1p30, true},
          self.offsets);
        v(Field{"mix", "How branches are mixed: one softmax over all their keys, or per branch"}, self.mix);
    }
    friend bool operator==(const Dilated&, const Dilated&) = default;
};

// One branch as one head sees it in a problem; `takes_part` false when the head is not in the branch or its phase ≥
// rate.
struct BranchView {
    std::int64_t segment_length = 1, rate = 1, phase = 0;
    bool takes_part = false;
};
BranchView branch_view(const Dilated&, const Problem&, std::int64_t head, int branch);
// The segment of the branch that holds a position; the last one ends with the keys (a ragged tail).
inline Range segment_of(const BranchView& view, std::int64_t position, std::int64_t kv_len) {
    const std::int64_t begin = position / view.segment_length * view.segment_length;
    return {begin, std::min(begin + view.segment_length, kv_len)};
}

Result<void> validate(const Dilated&, const Problem&);
BranchSet branches(const Dilated&, const Problem&, std::int64_t head, std::int64_t position, std::int64_t key);
int branch_count(const Dilated&);
int head_class(const Dilated&, const Problem&, std::int64_t head);
void count_row(const Dilated&, const Problem&, std::int64_t head, Count what, Range rows,
               std::span<const std::int64_t> edges, std::span<std::int64_t> counts);
void append_tiles(const Dilated&, const Problem&, std::int64_t head, PlanBuilder& builder);

} // namespace dilascope
