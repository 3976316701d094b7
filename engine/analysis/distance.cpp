#include "engine/analysis/distance.h"
#include "engine/analysis/lattice.h"
#include "engine/analysis/token_plan.h"
#include <algorithm>
#include <cmath>

namespace dilascope {
namespace {

// An interval of query position − key and the bin it counts into.
struct SignedBin {
    Range differences;
    std::size_t bin;
};

// Ascending and disjoint. An absolute bin is one interval on either side of 0.
std::vector<SignedBin> signed_bins(Distance distance, std::span<const std::int64_t> edges) {
    std::vector<SignedBin> bins;
    if (distance == Distance::absolute)
        for (std::size_t bin = edges.size() - 1; bin-- > 0;)
            bins.push_back({{1 - edges[bin + 1], std::min<std::int64_t>(0, 1 - edges[bin])}, bin});
    for (std::size_t bin = 0; bin + 1 < edges.size(); ++bin) bins.push_back({{edges[bin], edges[bin + 1]}, bin});
    return bins;
}

// Adds the pairs of rows × run to the bins, `times` as often.
void add_pairs(const AffineRows& rows, const WeightedRun& run, std::int64_t key_shift, std::int64_t times,
               std::span<const SignedBin> bins, std::vector<std::int64_t>& counts) {
    const AffineRows keys{run.first + key_shift, run.stride, run.count};
    Range seen{rows.first - keys.last(), rows.last() - keys.first + 1};
    if (!run.band.is_full()) seen = intersect(seen, {-run.band.hi, 1 - run.band.lo});
    if (seen.size() == 0) return;
    auto bin = std::ranges::upper_bound(bins, seen.begin, {}, [](const SignedBin& b) { return b.differences.end; });
    std::int64_t counted_to = std::int64_t{1} << 62, below = 0; // pairs at differences < counted_to
    for (; bin != bins.end() && bin->differences.begin < seen.end; ++bin) {
        const Range part = intersect(bin->differences, seen);
        if (part.size() == 0) continue;
        if (counted_to != part.begin) below = affine_pairs_at_or_below(keys, rows, part.begin - 1);
        const std::int64_t up_to = affine_pairs_at_or_below(keys, rows, part.end - 1);
        counts[bin->bin] += times * (up_to - below);
        below = up_to, counted_to = part.end;
    }
}

} // namespace

Result<std::vector<DistanceBin>> distance_profile(const Plan& plan, std::int64_t head, PairCount count,
                                                  Distance distance, std::span<const std::int64_t> edges,
                                                  const CancelFlag* cancel) {
    const auto tokens = TRY(in_token_order(plan));
    const std::vector<SignedBin> bins = signed_bins(distance, edges);
    const Problem& p = plan.problem;
    std::vector<std::int64_t> pairs(edges.size() - 1, 0), allowed(edges.size() - 1, 0);
    const AffineRows every_row{query_position(p, 0), 1, p.seq_len};
    WeightedRun every_key{0, 1, p.kv_len, 1, {}};
    if (p.causal) every_key.band.hi = 0;
    add_pairs(every_row, every_key, 0, 1, bins, allowed);

    const auto add_block = [&](const PairBlock& block) {
        const bool alike = block.row_shift == block.key_shift; // differences are the same at every repeat
        const Range repeats = alike ? Range{0, 1} : block.repeats;
        const std::int64_t copies = alike ? block.repeats.size() : 1;
        for (std::int64_t repeat = repeats.begin; repeat < repeats.end; ++repeat)
            for (const AffineRows& rows : block.rows)
                for (const WeightedRun& run : block.runs)
                    add_pairs(rows, run, repeat * (block.key_shift - block.row_shift), copies * run.weight, bins,
                              pairs);
    };
    const bool complete =
        count == PairCount::multiplicity
            ? for_each_tile_block(*tokens, {&head, 1}, cancel, add_block)
            : for_each_block(*tokens, {&head, 1}, count, positions_of(p, {0, p.seq_len}), cancel, add_block);
    if (!complete) return fail("distance profile: cancelled");
    std::vector<DistanceBin> profile;
    for (std::size_t bin = 0; bin < pairs.size(); ++bin)
        profile.push_back({{edges[bin], edges[bin + 1]}, pairs[bin], allowed[bin]});
    return profile;
}

std::vector<std::int64_t> log_edges(std::int64_t longest, int per_octave) {
    std::vector<std::int64_t> edges{0};
    for (int step = 0; edges.back() <= longest; ++step) {
        const auto edge = std::int64_t(std::llround(std::exp2(double(step) / per_octave)));
        if (edge > edges.back()) edges.push_back(std::min(edge, longest + 1));
    }
    return edges;
}

} // namespace dilascope
