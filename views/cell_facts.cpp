#include "views/cell_facts.h"
#include "views/number_format.h"
#include "views/theme.h"
#include <fmt/format.h>

namespace dilascope {

namespace {

// The pixel of `pixels` over a range that holds the token, and what it covers (pixel_edges() of count.h, inverted).
Range pixel_of(Range tokens, std::int64_t pixels, std::int64_t token, std::int64_t& pixel) {
    const auto edge = [&](std::int64_t index) {
        return tokens.begin + std::int64_t(__extension__ __int128(index) * tokens.size() / pixels);
    };
    pixel = std::int64_t(__extension__ __int128(token - tokens.begin) * pixels / tokens.size());
    while (pixel > 0 && edge(pixel) > token) --pixel;
    while (edge(pixel + 1) <= token) ++pixel;
    return {edge(pixel), edge(pixel + 1)};
}

// Pairs of one query, or nothing when that takes longer than a frame has.
std::optional<std::int64_t> row_count(const Pattern& pattern, const Problem& problem, std::int64_t head, std::int64_t q,
                                      Count what) {
    constexpr std::int64_t walked_max = 8192; // keys
    const std::int64_t position = query_position(problem, q);
    if (is_permuted(pattern) && !problem.causal) { // the row of its rank
        Problem ranks = problem;
        ranks.seq_len = ranks.kv_len;
        return row_count({pattern.kind}, ranks, head, rank_of(pattern.order, problem.kv_len, position), what);
    }
    if (is_permuted(pattern)) {
        if (position >= walked_max) return {};
        std::int64_t count = 0;
        for (std::int64_t key = 0; key <= position; ++key) {
            const BranchSet set = branches(pattern, problem, head, q, key);
            count += what.what == Count::multiplicity   ? multiplicity(pattern, set)
                     : what.what == Count::branch_pairs ? std::int64_t(set >> what.branch & 1)
                                                        : std::int64_t(set != 0);
        }
        return count;
    }
    if (const Blocks* blocks = std::get_if<Blocks>(&pattern.kind)) { // count_pairs() may draw the whole matrix first
        const std::int64_t edges[2] = {0, problem.kv_len};
        std::int64_t count = 0;
        count_row(*blocks, problem, head, what, {position, position + 1}, edges, {&count, 1});
        return count;
    }
    return count_pairs(pattern, problem, head, {{q, q + 1}, {0, problem.kv_len}}, what);
}

void set_places(CellFacts& facts, const Workspace& workspace) {
    const Pattern& pattern = workspace.pattern;
    CellFacts::Place at{query_position(workspace.problem, facts.q), facts.k};
    if (!pattern.order.is_row()) {
        const std::int64_t count = workspace.problem.kv_len;
        facts.rank = {rank_of(pattern.order, count, at.q), rank_of(pattern.order, count, at.k)};
        if (is_permuted(pattern)) at = *facts.rank; // blocks are blocks of ranks
    }
    if (const Blocks* blocks = std::get_if<Blocks>(&pattern.kind)) {
        const std::int64_t block = block_of(blocks->parts.front());
        facts.block = {at.q / block, at.k / block};
    }
    facts.tile_tokens = workspace.tile_tokens;
    facts.tile = {facts.q / facts.tile_tokens, facts.k / facts.tile_tokens};
}

std::string times_text(int multiplicity) {
    switch (multiplicity) {
    case 0: return "not attended";
    case 1: return "attended";
    case 2: return "counted twice";
    default: return fmt::format("counted {} times", multiplicity);
    }
}

} // namespace

std::optional<HeatmapValue> heatmap_value(const Heatmap& heatmap, std::int64_t q, std::int64_t k) {
    const HeatmapRequest& request = heatmap.request;
    if (!request.region.q.contains(q) || !request.region.k.contains(k) || request.rows < 1 || request.columns < 1)
        return {};
    if (heatmap.weights.size() != std::size_t(request.rows * request.columns)) return {};
    std::int64_t row = 0, column = 0;
    const Range queries = pixel_of(request.region.q, request.rows, q, row);
    const Range keys = pixel_of(request.region.k, request.columns, k, column);
    return HeatmapValue{heatmap.weights[std::size_t(row * request.columns + column)], queries,
                        std::min(queries.size(), heatmap.queries_per_pixel), keys};
}

const Heatmap* current_heatmap(const Workspace& workspace) {
    const LiveResult* live = workspace.live.get();
    if (!live || !live->heatmap || !live->error.empty()) return nullptr;
    if (!(live->config == workspace.config) || live->heatmap->request.head != workspace.selection.head) return nullptr;
    return live->heatmap.get();
}

CellFacts cell_facts(const Workspace& workspace, std::int64_t q, std::int64_t k) {
    const Problem& problem = workspace.problem;
    const Pattern& pattern = workspace.pattern;
    CellFacts facts;
    facts.head = workspace.selection.head;
    facts.q = q;
    facts.k = k;
    facts.distance = query_position(problem, q) - k;
    facts.causal_cut = problem.causal && facts.distance < 0;
    const BranchSet set = branches(pattern, problem, facts.head, q, k);
    for (int branch = 0; branch < branch_count(pattern); ++branch)
        if (set >> branch & 1) facts.branches.push_back(branch);
    facts.multiplicity = multiplicity(pattern, set);
    facts.row_keys = row_count(pattern, problem, facts.head, q, {});
    facts.row_multiplicity = row_count(pattern, problem, facts.head, q, {Count::multiplicity});
    set_places(facts, workspace);
    if (workspace.has_a()) facts.compared = multiplicity(*workspace.compare_pattern, problem, facts.head, q, k);
    if (const Heatmap* heatmap = current_heatmap(workspace)) facts.weight = heatmap_value(*heatmap, q, k);
    return facts;
}

std::vector<std::int64_t> branch_keys_of(const Pattern& pattern, const Problem& problem, std::int64_t head,
                                         std::int64_t q) {
    std::vector<std::int64_t> keys;
    for (int branch = 0; branch < branch_count(pattern); ++branch) {
        const auto count = row_count(pattern, problem, head, q, {Count::branch_pairs, branch});
        if (!count) return {};
        keys.push_back(*count);
    }
    return keys;
}

std::string attendance_text(const CellFacts& facts) {
    if (facts.causal_cut) return "after the query, cut by causality";
    return times_text(facts.multiplicity);
}

std::string place_text(const CellFacts& facts) {
    const auto pair = [](CellFacts::Place at) { return format_count(at.q) + ", " + format_count(at.k); };
    std::string text;
    if (facts.block) text += "block " + pair(*facts.block) + " · ";
    text += "tile " + pair(facts.tile);
    if (facts.rank) text += " · rank " + pair(*facts.rank);
    return text;
}

std::string weight_text(const CellFacts& facts) {
    if (!facts.weight) return "";
    const HeatmapValue& value = *facts.weight;
    if (value.is_cell()) return "weight " + format_significant(value.weight);
    const auto tokens = [](Range range, const char* one, const char* many) {
        if (range.size() == 1) return one + (" " + format_count(range.begin));
        return many + (" " + format_count(range.begin)) + " … " + format_count(range.end - 1);
    };
    const std::string sampled = value.shown < value.queries.size() ? format_count(value.shown) + " of " : "";
    return fmt::format("Σ weight {} · {}{}, {}", format_significant(value.weight), sampled,
                       tokens(value.queries, "query", "queries"), tokens(value.keys, "key", "keys"));
}

std::string facts_text(const CellFacts& facts, const Pattern& pattern) {
    std::string text = fmt::format("head {} q {} k {} distance {} multiplicity {}", facts.head, facts.q, facts.k,
                                   facts.distance, facts.multiplicity);
    for (int branch : facts.branches) text += fmt::format(" [{}]", branch_label(pattern, branch));
    if (facts.row_keys)
        text += fmt::format(" row_keys {} row_multiplicity {}", *facts.row_keys, *facts.row_multiplicity);
    if (facts.block) text += fmt::format(" block {} {}", facts.block->q, facts.block->k);
    if (facts.rank) text += fmt::format(" rank {} {}", facts.rank->q, facts.rank->k);
    if (facts.weight && facts.weight->is_cell()) text += " weight " + format_plain(facts.weight->weight);
    return text;
}

void draw_cell_card(Canvas& canvas, const CellFacts& facts, const Pattern& pattern, Point at, Rect bounds,
                    std::span<const std::string> more) {
    constexpr float line = 22, swatch = 10, pad = space::padding;
    const Theme& colours = theme();
    const std::string head_line =
        "q " + format_count(facts.q) + "   k " + format_count(facts.k) + "   Δ " + format_count(facts.distance);
    const std::string state = attendance_text(facts);
    const std::string weight = weight_text(facts);
    std::vector<std::string> lines; // below the branches
    float width = canvas.text_size(head_line, TextStyle::number).x;
    float branch_width = 0;
    for (int branch : facts.branches)
        branch_width += swatch + 6 + canvas.text_size(branch_label(pattern, branch), TextStyle::body).x + 16;
    width = std::max(width, branch_width - 16);
    const bool has_cell_weight = !weight.empty() && facts.weight->is_cell();
    lines.push_back(has_cell_weight ? state + " · " + weight : state);
    if (!weight.empty() && !has_cell_weight) lines.push_back(weight);
    if (facts.compared) lines.push_back("in A: " + times_text(*facts.compared));
    if (facts.row_keys)
        lines.push_back("row: " + format_count(*facts.row_keys) + (*facts.row_keys == 1 ? " key" : " keys"));
    lines.push_back(place_text(facts));
    lines.insert(lines.end(), more.begin(), more.end());
    for (const std::string& text : lines) width = std::max(width, canvas.text_size(text, TextStyle::body).x);
    const float line_count = 1.f + float(lines.size()) + (facts.branches.empty() ? 0.f : 1.f);
    const Rect size{0, 0, width + 2 * pad, line_count * line + 2 * space::gap};
    // Below right of the mouse, or on the side where there is room.
    const float x = at.x + 16 + size.width <= bounds.right() ? at.x + 16 : std::max(bounds.x, at.x - 16 - size.width);
    const float y =
        at.y + 16 + size.height <= bounds.bottom() ? at.y + 16 : std::max(bounds.y, at.y - 16 - size.height);
    const Rect card{x, y, size.width, size.height};
    canvas.filled_rectangle(card, colours.raised.with_alpha(0.97f), space::radius);
    canvas.rectangle(card, colours.line, 1, space::radius);
    float top = y + space::gap + 2;
    canvas.text({x + pad, top}, head_line, TextStyle::number, colours.text);
    top += line;
    float left = x + pad;
    for (int branch : facts.branches) {
        const std::string label = branch_label(pattern, branch);
        canvas.filled_rectangle({left, top + 4, swatch, swatch}, branch_colour(branch), 2);
        canvas.text({left + swatch + 6, top}, label, TextStyle::body, colours.text);
        left += swatch + 6 + canvas.text_size(label, TextStyle::body).x + 16;
    }
    if (!facts.branches.empty()) top += line;
    for (const std::string& text : lines) {
        canvas.text({x + pad, top}, text, TextStyle::body, colours.muted);
        top += line;
    }
}

} // namespace dilascope
