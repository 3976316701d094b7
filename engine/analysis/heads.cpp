#include "engine/analysis/heads.h"
#include "engine/analysis/lattice.h"
#include "engine/analysis/row_groups.h"
#include "engine/analysis/token_plan.h"
#include <algorithm>
#include <map>
#include <tuple>

namespace dilascope {
namespace {

// The keys of a piece that heads of one or more classes read, for the rows of one group.
struct Reading {
    ClassSum keys;
    std::int64_t heads;
};

void sort_terms(ClassSum& sum) {
    std::ranges::sort(sum.terms, {}, [](const WeightedClass& term) {
        return std::tuple(term.residues.modulus, term.residues.residue, term.band.lo, term.band.hi, term.weight);
    });
}

bool is_same(const ClassSum& a, const ClassSum& b) {
    return std::ranges::equal(a.terms, b.terms, [](const WeightedClass& x, const WeightedClass& y) {
        return x.residues == y.residues && x.band == y.band && x.weight == y.weight;
    });
}

// [m]: the indicator of "exactly m heads read the key". Heads that read alike come and go together:
// exactly[m] := exactly[m]·(1 − keys) + exactly[m − heads]·keys.
std::vector<ClassSum> exactly_by_heads(std::span<const Reading> readings, std::size_t heads, Range keys) {
    std::vector<ClassSum> exactly(heads + 1);
    exactly[0].add({{0, 1}, Band{}, 1});
    std::size_t most = 0; // heads so far
    for (const Reading& reading : readings) {
        const auto step = std::size_t(reading.heads);
        for (std::size_t count = most + 1; count-- > 0;) {
            if (exactly[count].terms.empty()) continue;
            ClassSum both = exactly[count].times(reading.keys);
            both.drop_outside(keys);
            for (const WeightedClass& term : both.terms) {
                exactly[count + step].add(term);
                exactly[count].add({term.residues, term.band, -term.weight});
            }
            exactly[count].drop_zeros();
            exactly[count + step].drop_zeros();
        }
        most += step;
    }
    return exactly;
}

class HeadCounter {
public:
    HeadCounter(const HeadTiles& head, std::size_t heads) : counts(heads + 1, 0), head_(head) {}

    std::vector<std::int64_t> counts; // [m]: pairs that m heads read; [0] is not counted

    void add_group(const RowGroup& group) {
        runs_.clear(), classes_.clear();
        for (const ShiftedTile& shifted : group.tiles)
            for (const KeyRun& run : head_.runs(*shifted.tile)) {
                runs_.push_back({run.first + shifted.key_shift, run.stride, run.count, 1, run.band});
                classes_.push_back({shifted.head_class, shifted.heads});
            }
        const std::vector<AffineRows> rows = affine_parts(group.positions);
        sweep_.for_each(runs_, [&](Range keys, std::span<const std::size_t> active) {
            const std::vector<Reading> readings = readings_of(active, keys);
            const std::vector<ClassSum> exactly = exactly_by_heads(readings, counts.size() - 1, keys);
            for (std::size_t heads = 1; heads < exactly.size(); ++heads) {
                parts_.clear();
                append_runs(exactly[heads], keys, parts_);
                for (const WeightedRun& part : parts_)
                    counts[heads] += group.repeats.size() * weighted_pairs(rows, part);
            }
        });
    }

private:
    // One for each different set of keys.
    std::vector<Reading> readings_of(std::span<const std::size_t> active, Range keys) {
        std::map<std::int32_t, Reading> by_class;
        for (std::size_t index : active) {
            Reading& reading = by_class[classes_[index].first];
            reading.heads = classes_[index].second;
            reading.keys.unite(class_of(runs_[index]), runs_[index].band);
            if (reading.keys.terms.size() > 8) reading.keys.drop_outside(keys);
        }
        std::vector<Reading> readings;
        for (auto& [head_class, reading] : by_class) {
            sort_terms(reading.keys);
            const auto alike =
                std::ranges::find_if(readings, [&](const Reading& other) { return is_same(other.keys, reading.keys); });
            if (alike != readings.end())
                alike->heads += reading.heads;
            else
                readings.push_back(std::move(reading));
        }
        return readings;
    }

    const HeadTiles& head_;
    RunSweep sweep_;
    std::vector<WeightedRun> runs_, parts_;
    std::vector<std::pair<std::int32_t, std::int64_t>> classes_; // of each run: class, heads
};

} // namespace

std::int64_t weighted_pairs(std::span<const AffineRows> rows, const WeightedRun& run, std::int64_t row_shift) {
    std::int64_t pairs = 0;
    const AffineRows keys{run.first, run.stride, run.count};
    for (AffineRows part : rows) {
        part.first += row_shift;
        if (run.band.is_full())
            pairs += part.count * run.count;
        else
            pairs += affine_pairs_at_or_below(part, keys, run.band.hi) -
                     affine_pairs_at_or_below(part, keys, run.band.lo - 1);
    }
    return run.weight * pairs;
}

Result<HeadCoverage> head_coverage(const Plan& plan, std::span<const std::int64_t> heads, const CancelFlag* cancel) {
    const auto tokens = TRY(in_token_order(plan));
    const Problem& p = plan.problem;
    const HeadTiles tiles(*tokens, heads);
    HeadCounter counter(tiles, heads.size());
    if (!for_each_group(tiles, positions_of(p, {0, p.seq_len}), cancel,
                        [&](const RowGroup& group) { counter.add_group(group); }))
        return fail("head coverage: cancelled");
    HeadCoverage coverage{std::move(counter.counts)};
    coverage.pairs_by_heads[0] = allowed_pairs(p) - coverage.allowed();
    return coverage;
}

Result<std::int64_t> covered_pairs(const Plan& plan, std::span<const std::int64_t> heads, const CancelFlag* cancel) {
    const auto tokens = TRY(in_token_order(plan));
    const Problem& p = plan.problem;
    std::int64_t covered = 0;
    const auto add_block = [&](const PairBlock& block) {
        const bool alike = block.row_shift == block.key_shift;
        const Range repeats = alike ? Range{0, 1} : block.repeats;
        for (std::int64_t repeat = repeats.begin; repeat < repeats.end; ++repeat)
            for (const WeightedRun& run : block.runs)
                covered += (alike ? block.repeats.size() : 1) *
                           weighted_pairs(block.rows, run, repeat * (block.row_shift - block.key_shift));
    };
    if (!for_each_block(*tokens, heads, PairCount::distinct, positions_of(p, {0, p.seq_len}), cancel, add_block))
        return fail("covered pairs: cancelled");
    return covered;
}

} // namespace dilascope
