#include "engine/analysis/token_plan.h"
#include "engine/analysis/pair_blocks.h"
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <tuple>

namespace dilascope {
namespace {

constexpr std::size_t most_runs = std::size_t{1} << 25;

class TokenPlanner {
public:
    explicit TokenPlanner(const Plan& ranks) : ranks_(ranks) {
        tokens_.problem = ranks.problem, tokens_.mix = ranks.mix, tokens_.pass_count = ranks.pass_count;
        tokens_.reason = ranks.reason;
        tokens_.head_classes = ranks.head_classes, tokens_.class_heads = ranks.class_heads;
        tokens_.multiplicity = ranks.multiplicity, tokens_.tile_pairs = ranks.tile_pairs;
    }

    Result<Plan> make() {
        for (const TileList& list : ranks_.lists) {
            TileList written = list;
            written.tiles_begin = std::int64_t(tokens_.tiles.size());
            written.repeat_count = 1, written.row_shift = written.key_shift = 0;
            for (std::int64_t repeat = 0; repeat < list.repeat_count; ++repeat)
                for (std::int64_t tile = 0; tile < list.tile_count; ++tile) {
                    add_tile(ranks_.tiles[std::size_t(list.tiles_begin + tile)], repeat * list.row_shift,
                             repeat * list.key_shift);
                    if (tokens_.runs.size() > most_runs)
                        return fail(fmt::format("analysis: the pattern along its curve scatters over {} tokens in more "
                                                "than {} runs; use a shorter sequence, or order=row",
                                                ranks_.problem.kv_len, most_runs));
                }
            written.tile_count = std::int64_t(tokens_.tiles.size()) - written.tiles_begin;
            if (written.tile_count > 0) tokens_.lists.push_back(written);
        }
        return std::move(tokens_);
    }

private:
    std::int64_t token(std::int64_t rank) const { return ranks_.order.token_of_rank[std::size_t(rank)]; }

    void add_tile(const QueryTile& tile, std::int64_t row_shift, std::int64_t key_shift) {
        const std::int64_t first_position = query_position(ranks_.problem, 0);
        const TilePositions rows(ranks_, tile);
        positions_.clear();
        for (std::int64_t rank : rows.positions())
            if (const std::int64_t position = token(rank + row_shift); position >= first_position)
                positions_.push_back(position);
        if (positions_.empty()) return;
        std::ranges::sort(positions_);

        QueryTile written;
        written.first_row = positions_.front();
        written.row_stride = 0, written.row_count = std::int32_t(positions_.size());
        written.rows_begin = std::int64_t(tokens_.row_offsets.size());
        for (std::int64_t position : positions_)
            tokens_.row_offsets.push_back(std::int32_t(position - written.first_row));
        std::tie(written.runs_begin, written.run_count) = runs_of(tile, key_shift);
        tokens_.tiles.push_back(written);
    }

    // Tiles with equal runs share theirs: the keys that a causal row sees are a matter of the band alone.
    std::pair<std::int64_t, std::int32_t> runs_of(const QueryTile& tile, std::int64_t key_shift) {
        std::vector<RankRun> key;
        for (std::int64_t index = tile.runs_begin; index < tile.runs_begin + tile.run_count; ++index) {
            const KeyRun& run = ranks_.runs[std::size_t(index)];
            key.push_back({run.first + key_shift, run.stride, run.count, run.branch});
        }
        const auto [found, is_new] = written_.try_emplace(key);
        if (!is_new) return found->second;
        const auto begin = std::int64_t(tokens_.runs.size());
        for (const auto& [first, stride, count, branch] : key) append_run(first, stride, count, branch);
        found->second = {begin, std::int32_t(std::int64_t(tokens_.runs.size()) - begin)};
        return found->second;
    }

    void append_run(std::int64_t first, std::int32_t stride, std::int32_t count, std::int32_t branch) {
        keys_.clear();
        for (std::int32_t index = 0; index < count; ++index)
            keys_.push_back(token(first + std::int64_t(index) * stride));
        std::ranges::sort(keys_);
        Band band;
        if (ranks_.problem.causal) band.hi = 0;
        for (const AffineRows& part : affine_parts(keys_))
            tokens_.runs.push_back({part.first, std::int32_t(part.stride), std::int32_t(part.count), branch, band});
    }

    using RankRun = std::tuple<std::int64_t, std::int32_t, std::int32_t, std::int32_t>; // first, stride, count, branch

    const Plan& ranks_;
    Plan tokens_;
    std::map<std::vector<RankRun>, std::pair<std::int64_t, std::int32_t>> written_;
    std::vector<std::int64_t> positions_, keys_;
};

} // namespace

Result<std::shared_ptr<const Plan>> in_token_order(const Plan& plan) {
    if (!plan.order.is_permuted()) return std::shared_ptr<const Plan>(&plan, [](const Plan*) {});
    return std::make_shared<const Plan>(TRY(TokenPlanner(plan).make()));
}

} // namespace dilascope
