#include "engine/analysis/reach.h"
#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace dilascope {

Result<Stack> Stack::make(std::span<const Layer> layers) {
    if (layers.empty()) return fail("stack: no layers; give at least one");
    Stack stack;
    stack.problem_ = layers.front().plan->problem;
    const Problem& first = stack.problem_;
    std::map<std::pair<const Plan*, std::vector<std::int64_t>>, int> kind_of;
    for (const Layer& layer : layers) {
        const Problem& p = layer.plan->problem;
        if (p.seq_len != p.kv_len)
            return fail(fmt::format("stack: a layer has {} queries and {} keys; layers stack when they are equal",
                                    p.seq_len, p.kv_len));
        if (p.seq_len != first.seq_len || p.causal != first.causal)
            return fail(fmt::format("stack: a layer of {} tokens{} beside one of {}{}; use the same in every layer",
                                    p.seq_len, p.causal ? ", causal," : "", first.seq_len,
                                    first.causal ? ", causal" : ""));
        if (layer.heads.empty()) return fail("stack: a layer has no heads; give at least one");
        const auto [found, is_new] = kind_of.try_emplace({layer.plan, layer.heads}, stack.kind_count());
        if (is_new) {
            const auto tokens = TRY(in_token_order(*layer.plan));
            stack.kinds_.push_back({tokens, HeadTiles(*tokens, layer.heads), {}, {}, {}});
        }
        stack.kind_of_layer_.push_back(found->second);
    }
    return stack;
}

Result<void> Stack::tabulate(const CancelFlag* cancel) {
    for (Kind& kind : kinds_) {
        if (!kind.rows.empty()) continue;
        std::vector rows(std::size_t(tokens()), TokenSet{tokens()});
        for (const HeadTiles::Part& part : kind.tiles.parts())
            for (const QueryTile& tile : kind.tiles.tiles(*part.list)) {
                if (is_cancelled(cancel)) return fail("stack: cancelled");
                const TilePositions tile_rows(kind.tiles.plan(), tile);
                for (std::int64_t repeat = 0; repeat < part.list->repeat_count; ++repeat)
                    for (std::int64_t position : tile_rows.positions()) {
                        const std::int64_t query = position + repeat * part.list->row_shift;
                        for (const KeyRun& run : kind.tiles.runs(tile)) {
                            const RowRun seen = row_run(run, repeat * part.list->key_shift, query);
                            rows[std::size_t(query)].insert_run(seen.first, seen.stride, seen.count);
                        }
                    }
            }
        const auto less = [&](std::int64_t a, std::int64_t b) {
            return std::ranges::lexicographical_compare(rows[std::size_t(a)].words(), rows[std::size_t(b)].words());
        };
        std::map<std::int64_t, std::int32_t, decltype(less)> distinct(less); // by its first query
        kind.row_of_query.clear();
        for (std::int64_t query = 0; query < tokens(); ++query)
            kind.row_of_query.push_back(distinct.try_emplace(query, std::int32_t(distinct.size())).first->second);
        kind.rows.assign(distinct.size(), TokenSet(0));
        for (const auto& [query, row] : distinct) kind.rows[std::size_t(row)] = rows[std::size_t(query)];
        kind.spans.clear();
        for (const TokenSet& row : kind.rows) kind.spans.push_back(row.span());
    }
    return {};
}

bool Stack::read(int kind_index, const TokenSet& queries, TokenSet& keys, const CancelFlag* cancel) const {
    const Kind& kind = kinds_[std::size_t(kind_index)];
    if (kind.rows.empty()) return insert_read_keys(kind.tiles, &queries, keys, cancel);
    if (is_cancelled(cancel)) return false;
    TokenSet rows(std::int64_t(kind.rows.size()));
    queries.for_each([&](std::int64_t query) { rows.insert(kind.row_of_query[std::size_t(query)]); });
    rows.for_each(
        [&](std::int64_t row) { keys.insert_all(kind.rows[std::size_t(row)], kind.spans[std::size_t(row)]); });
    return true;
}

ReachWalk::ReachWalk(const Stack& stack, std::int64_t query)
    : stack_(&stack), reached_(stack.tokens()), frontier_(stack.tokens()),
      expanded_(std::size_t(stack.kind_count()), TokenSet(stack.tokens())) {
    reached_.insert(query);
}

bool ReachWalk::advance(const CancelFlag* cancel) {
    const int kind = stack_->kind_of_step(layers_);
    TokenSet& expanded = expanded_[std::size_t(kind)];
    frontier_ = reached_;
    frontier_.remove_all(expanded);
    expanded = reached_;
    ++layers_;
    return frontier_.is_empty() || stack_->read(kind, frontier_, reached_, cancel);
}

bool ReachWalk::is_final() const {
    return std::ranges::all_of(expanded_, [&](const TokenSet& expanded) { return expanded == reached_; });
}

Result<std::vector<std::int32_t>> key_depths(const Stack& stack, std::int64_t query, const CancelFlag* cancel) {
    std::vector<std::int32_t> depths(std::size_t(stack.tokens()), -1);
    ReachWalk walk(stack, query);
    depths[std::size_t(query)] = 0;
    TokenSet before = walk.reached();
    for (int layer = 1; layer <= stack.layer_count() && !walk.is_final(); ++layer) {
        if (!walk.advance(cancel)) return fail("depths: cancelled");
        TokenSet added = walk.reached();
        added.remove_all(before);
        added.for_each([&](std::int64_t key) { depths[std::size_t(key)] = layer; });
        before = walk.reached();
    }
    return depths;
}

} // namespace dilascope
