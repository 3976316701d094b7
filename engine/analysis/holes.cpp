#include "engine/analysis/holes.h"
#include "engine/analysis/read_keys.h"
#include "engine/analysis/row_gap.h"
#include "engine/analysis/token_plan.h"
#include <algorithm>

namespace dilascope {
namespace {

HoleSet holes_of(const TokenSet& present, std::size_t most_ranges) {
    HoleSet holes;
    present.for_each_hole([&](Range range) {
        holes.count += range.size();
        if (holes.ranges.size() < most_ranges) holes.ranges.push_back(range);
        if (range.size() > holes.longest.size()) holes.longest = range;
    });
    return holes;
}

// What each row reads: whether anything, whether more than itself, and the widest gap.
class RowScan {
public:
    explicit RowScan(const Problem& problem)
        : reading(problem.seq_len), reading_others(problem.seq_len), first_position_(query_position(problem, 0)) {}

    void add_block(const PairBlock& block) {
        split(block);
        const bool alike = block.row_shift == block.key_shift; // rows of every repeat read alike
        const Range repeats = alike ? Range{0, 1} : block.repeats;
        for (std::int64_t repeat = repeats.begin; repeat < repeats.end; ++repeat)
            for (const AffineRows& rows : block.rows)
                for (std::int64_t row = 0; row < rows.count; ++row)
                    add_row(block, rows.first + row * rows.stride, alike ? block.repeats : Range{repeat, repeat + 1});
    }

    TokenSet reading, reading_others;
    KeyGap widest;

private:
    // Only the keys between the first and the last that a band decides differ from row to row: the full runs before
    // and after them are looked at once, and stand by their last and first key when a row is looked at.
    void split(const PairBlock& block) {
        banded_.clear(), shared_.clear(), before_.clear(), after_.clear();
        Range decided{std::int64_t{1} << 62, 0};
        for (const WeightedRun& run : block.runs)
            if (!run.band.is_full()) {
                banded_.push_back(run);
                decided = {std::min(decided.begin, run.first), std::max(decided.end, run.last() + 1)};
            }
        const std::int64_t end = std::max(decided.begin, decided.end);
        Range before{std::int64_t{1} << 62, -1}, after{std::int64_t{1} << 62, -1}; // first and last key
        for (const WeightedRun& run : block.runs) {
            if (!run.band.is_full()) continue;
            append_part(run, {0, decided.begin}, before_);
            append_part(run, {decided.begin, end}, shared_);
            append_part(run, {end, std::int64_t{1} << 62}, after_);
        }
        for (const WeightedRun& run : before_)
            before = {std::min(before.begin, run.first), std::max(before.end, run.last())};
        for (const WeightedRun& run : after_)
            after = {std::min(after.begin, run.first), std::max(after.end, run.last())};
        const std::int64_t position = block.rows.front().first;
        find_gap(block, position, before_, block.repeats.begin);
        find_gap(block, position, after_, block.repeats.begin);
        if (!before_.empty()) shared_.push_back({before.end, 1, 1, 1, {}});
        if (!after_.empty()) shared_.push_back({after.begin, 1, 1, 1, {}});
        reads_many_ = before.begin < before.end || after.begin < after.end;
    }

    static void append_part(const WeightedRun& run, Range keys, std::vector<WeightedRun>& parts) {
        if (keys.size() == 0) return;
        const Range kept = indices_in(run, keys);
        if (kept.size() > 0) parts.push_back({run.first + kept.begin * run.stride, run.stride, kept.size(), 1, {}});
    }

    void add_row(const PairBlock& block, std::int64_t position, Range repeats) {
        const std::int64_t shift = repeats.begin * (block.row_shift - block.key_shift);
        seen_ = shared_;
        for (const WeightedRun& run : banded_)
            if (const Range seen = indices_seen(run, position + shift); seen.size() > 0)
                seen_.push_back({run.first + seen.begin * run.stride, run.stride, seen.size(), 1, {}});
        if (seen_.empty()) return;
        const bool others = reads_many_ || std::ranges::any_of(seen_, [&](const WeightedRun& run) {
                                return run.count > 1 || run.first != position + shift;
                            });
        for (std::int64_t repeat = repeats.begin; repeat < repeats.end; ++repeat) {
            const std::int64_t query = position + repeat * block.row_shift - first_position_;
            reading.insert(query);
            if (others) reading_others.insert(query);
        }
        if (!banded_.empty()) find_gap(block, position, seen_, repeats.begin);
    }

    void find_gap(const PairBlock& block, std::int64_t position, std::span<const WeightedRun> runs,
                  std::int64_t repeat) {
        const RunGap gap = finder_.find(runs, widest.size());
        if (gap.size() == 0) return;
        const std::int64_t key_shift = repeat * block.key_shift;
        widest = {position + repeat * block.row_shift - first_position_, gap.from + key_shift, gap.to + key_shift};
    }

    std::int64_t first_position_;
    GapFinder finder_;
    std::vector<WeightedRun> banded_, shared_, before_, after_, seen_; // of the block; seen_ of a row
    bool reads_many_ = false;                                          // every row of the block reads two keys or more
};

// Adds the differences of all pairs (row, key) with row − key in `wanted`: where one stride divides the other and is
// long enough to fill it, they are one progression.
void add_differences(AffineRows rows, AffineRows keys, Range wanted, RunCollector& differences) {
    const auto add = [&](std::int64_t first, std::int64_t stride, std::int64_t last) {
        if (first < wanted.begin) first += -floor_div(first - wanted.begin, stride) * stride;
        last = std::min(last, wanted.end - 1);
        if (first <= last) differences.add(first, stride, (last - first) / stride + 1);
    };
    const std::int64_t first = rows.first - keys.last(), last = rows.last() - keys.first;
    if (last < wanted.begin || first >= wanted.end) return;
    if (rows.count == 1 || (rows.stride % keys.stride == 0 && keys.count * keys.stride >= rows.stride)) {
        add(first, keys.stride, last);
    } else if (keys.count == 1 || (keys.stride % rows.stride == 0 && rows.count * rows.stride >= keys.stride)) {
        add(first, rows.stride, last);
    } else if (rows.count <= keys.count) {
        for (std::int64_t row = 0; row < rows.count; ++row)
            add(first + row * rows.stride, keys.stride, rows.first + row * rows.stride - keys.first);
    } else {
        for (std::int64_t key = 0; key < keys.count; ++key)
            add(rows.first - keys.first - key * keys.stride, rows.stride, rows.last() - keys.first - key * keys.stride);
    }
}

void add_distances(const PairBlock& block, std::int64_t kv_len, RunCollector& distances) {
    const Range repeats = block.row_shift == block.key_shift ? Range{0, 1} : block.repeats;
    for (std::int64_t repeat = repeats.begin; repeat < repeats.end; ++repeat)
        for (const AffineRows& rows : block.rows)
            for (const WeightedRun& run : block.runs) {
                Range wanted{0, kv_len};
                if (!run.band.is_full()) wanted = intersect(wanted, {-run.band.hi, 1 - run.band.lo});
                const std::int64_t shift = repeat * (block.key_shift - block.row_shift);
                add_differences(rows, {run.first + shift, run.stride, run.count}, wanted, distances);
            }
}

} // namespace

Result<Holes> find_holes(const Plan& plan, std::int64_t head, std::size_t most_ranges, const CancelFlag* cancel) {
    const auto tokens = TRY(in_token_order(plan));
    const Problem& p = plan.problem;
    const std::span<const std::int64_t> heads(&head, 1);
    RowScan rows(p);
    TokenSet keys(p.kv_len), distances(p.kv_len);
    RunCollector distance_runs;
    const bool complete =
        for_each_block(*tokens, heads, PairCount::multiplicity, positions_of(p, {0, p.seq_len}), cancel,
                       [&](const PairBlock& block) { rows.add_block(block); }) &&
        for_each_tile_block(*tokens, heads, cancel,
                            [&](const PairBlock& block) { add_distances(block, p.kv_len, distance_runs); }) &&
        insert_read_keys(HeadTiles(*tokens, heads), nullptr, keys, cancel);
    if (!complete) return fail("holes: cancelled");
    distance_runs.insert_into(distances);

    Holes holes;
    holes.queries_without_key = holes_of(rows.reading, most_ranges);
    holes.keys_never_read = holes_of(keys, most_ranges);
    holes.distances = holes_of(distances, most_ranges);
    holes.widest_gap = rows.widest;
    if (p.causal) {
        bool leading = true;
        rows.reading_others.for_each_hole([&](Range range) {
            if (leading && range.begin == 0) holes.start = range;
            leading = false;
        });
    }
    TokenSet not_of_self(p.seq_len); // queries that read others, or nothing
    not_of_self.insert_run(0, 1, p.seq_len);
    not_of_self.remove_all(rows.reading);
    not_of_self.insert_all(rows.reading_others);
    holes.queries_of_self = holes_of(not_of_self, most_ranges);
    return holes;
}

} // namespace dilascope
