#include "engine/analysis/degree.h"
#include "engine/analysis/token_plan.h"
#include <algorithm>
#include <map>

namespace dilascope {
namespace {

// Reduces degrees of single tokens, given in any order, each token at most once; tokens not given have degree 0.
class Pixels {
public:
    Pixels(Range tokens, std::int64_t pixels)
        : tokens_(tokens), edges_(pixel_edges(tokens, pixels)), pixels_(std::size_t(pixels)) {}

    void add(std::int64_t token, std::int64_t degree) {
        if (!tokens_.contains(token)) return;
        // ⌊p·n/P⌋ ≤ token < ⌊(p+1)·n/P⌋: the quotient below is p or, by the rounding of edges, p − 1.
        const double share = double(token - tokens_.begin) / double(tokens_.size());
        std::size_t pixel = std::min(std::size_t(share * double(pixels_.size())), pixels_.size() - 1);
        while (token < edges_[pixel]) --pixel;
        while (token >= edges_[pixel + 1]) ++pixel;
        DegreePixel& at = pixels_[pixel];
        at.min = at.tokens == 0 ? degree : std::min(at.min, degree);
        at.max = std::max(at.max, degree);
        at.sum += degree;
        ++at.tokens;
    }

    std::vector<DegreePixel> finish() {
        for (std::size_t pixel = 0; pixel < pixels_.size(); ++pixel) {
            const std::int64_t tokens = edges_[pixel + 1] - edges_[pixel];
            if (pixels_[pixel].tokens < tokens) pixels_[pixel].min = 0;
            pixels_[pixel].tokens = tokens;
        }
        return std::move(pixels_);
    }

private:
    Range tokens_;
    std::vector<std::int64_t> edges_;
    std::vector<DegreePixel> pixels_;
};

// Degrees of the keys of one chunk under construction. A run adds its weight at its first key and takes it away one
// stride after its last; a running sum over each residue of the stride then gives every key's degree.
class KeyChunk {
public:
    explicit KeyChunk(Range keys) : keys_(keys), degrees_(std::size_t(keys.size()), 0) {}

    // `weight` on each key of the run inside the chunk.
    void add(const WeightedRun& run, std::int64_t key_shift, Range indices, std::int64_t weight) {
        WeightedRun shifted = run;
        shifted.first += key_shift;
        indices = intersect(indices, indices_in(shifted, keys_));
        if (indices.begin >= indices.end) return;
        const std::int64_t first = shifted.first + indices.begin * run.stride - keys_.begin;
        const std::int64_t end = shifted.first + indices.end * run.stride - keys_.begin;
        constexpr std::int64_t few = 4;
        if (indices.size() <= few) {
            for (std::int64_t key = first; key < end; key += run.stride) degrees_[std::size_t(key)] += weight;
            return;
        }
        std::vector<std::int64_t>& steps = steps_of(run.stride);
        steps[std::size_t(first)] += weight;
        if (end < keys_.size()) steps[std::size_t(end)] -= weight;
    }

    const std::vector<std::int64_t>& finish() {
        for (auto& [stride, steps] : steps_by_stride_)
            for (std::size_t key = 0; key < steps.size(); ++key) {
                if (key >= std::size_t(stride)) steps[key] += steps[key - std::size_t(stride)];
                degrees_[key] += steps[key];
            }
        return degrees_;
    }

private:
    std::vector<std::int64_t>& steps_of(std::int64_t stride) {
        if (last_ && last_stride_ == stride) return *last_;
        std::vector<std::int64_t>& steps = steps_by_stride_[stride];
        steps.resize(degrees_.size(), 0);
        last_ = &steps, last_stride_ = stride;
        return steps;
    }

    Range keys_;
    std::vector<std::int64_t> degrees_;
    std::map<std::int64_t, std::vector<std::int64_t>> steps_by_stride_;
    std::vector<std::int64_t>* last_ = nullptr;
    std::int64_t last_stride_ = 0;
};

void add_run(const PairBlock& block, const WeightedRun& run, Range keys, KeyChunk& chunk) {
    const Range extent{run.first, run.last() + 1};
    const Range touching = touching_repeats(extent, block.repeats.end, block.key_shift, keys);
    const Range repeats = intersect(touching, block.repeats);
    if (run.band.is_full()) {
        const std::int64_t weight = run.weight * block.row_count();
        if (block.key_shift == 0 && repeats.size() > 0)
            return chunk.add(run, 0, {0, run.count}, weight * repeats.size());
        for (std::int64_t repeat = repeats.begin; repeat < repeats.end; ++repeat)
            chunk.add(run, repeat * block.key_shift, {0, run.count}, weight);
        return;
    }
    for (std::int64_t repeat = repeats.begin; repeat < repeats.end; ++repeat)
        for (const AffineRows& rows : block.rows)
            for (std::int64_t row = 0; row < rows.count; ++row) {
                const std::int64_t position = rows.first + row * rows.stride;
                const Range seen = indices_seen(run, position + repeat * (block.row_shift - block.key_shift));
                chunk.add(run, repeat * block.key_shift, seen, run.weight);
            }
}

} // namespace

Result<std::vector<DegreePixel>> query_degrees(const Plan& plan, std::int64_t head, PairCount count, Range queries,
                                               std::int64_t pixels, const CancelFlag* cancel) {
    const auto tokens = TRY(in_token_order(plan));
    Pixels reduced(queries, pixels);
    const std::int64_t first_position = query_position(plan.problem, 0);
    std::vector<WeightedRun> banded;
    const auto add_block = [&](const PairBlock& block) {
        // Bands look at differences: a row's degree depends on the repeat only where keys do not shift with the rows.
        const bool alike = block.row_shift == block.key_shift;
        std::int64_t of_all_rows = 0;
        banded.clear();
        for (const WeightedRun& run : block.runs) {
            if (run.band.is_full())
                of_all_rows += run.weight * run.count;
            else
                banded.push_back(run);
        }
        for (std::int64_t repeat = block.repeats.begin; repeat < (alike ? block.repeats.begin + 1 : block.repeats.end);
             ++repeat)
            for (const AffineRows& rows : block.rows)
                for (std::int64_t row = 0; row < rows.count; ++row) {
                    const std::int64_t position = rows.first + row * rows.stride;
                    std::int64_t degree = of_all_rows;
                    for (const WeightedRun& run : banded)
                        degree += run.weight *
                                  indices_seen(run, position + repeat * (block.row_shift - block.key_shift)).size();
                    for (std::int64_t copy = repeat; copy < (alike ? block.repeats.end : repeat + 1); ++copy)
                        reduced.add(position + copy * block.row_shift - first_position, degree);
                }
    };
    if (!for_each_block(*tokens, {&head, 1}, count, positions_of(plan.problem, queries), cancel, add_block))
        return fail("query degrees: cancelled");
    return reduced.finish();
}

Result<std::vector<DegreePixel>> key_degrees(const Plan& plan, std::int64_t head, PairCount count, Range keys,
                                             std::int64_t pixels, const CancelFlag* cancel) {
    constexpr std::int64_t chunk_keys = 1 << 18; // a few MiB of counters for each stride
    const auto tokens = TRY(in_token_order(plan));
    Pixels reduced(keys, pixels);
    const Range every_position = positions_of(plan.problem, {0, plan.problem.seq_len});
    for (std::int64_t begin = keys.begin; begin < keys.end; begin += chunk_keys) {
        const Range chunk_range{begin, std::min(begin + chunk_keys, keys.end)};
        KeyChunk chunk(chunk_range);
        const auto add_block = [&](const PairBlock& block) {
            for (const WeightedRun& run : block.runs) add_run(block, run, chunk_range, chunk);
        };
        if (!for_each_block(*tokens, {&head, 1}, count, every_position, cancel, add_block))
            return fail("key degrees: cancelled");
        const std::vector<std::int64_t>& degrees = chunk.finish();
        for (std::size_t key = 0; key < degrees.size(); ++key) reduced.add(begin + std::int64_t(key), degrees[key]);
    }
    return reduced.finish();
}

} // namespace dilascope
