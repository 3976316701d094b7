#include "views/cost_scene.h"
#include "views/number_format.h"
#include "views/theme.h"
#include <cmath>
#include <fmt/format.h>

namespace dilascope {

namespace {

CostRow row_of(std::string label, const NumberText& number, std::string help) {
    return {std::move(label), number.number, number.unit, std::move(help)};
}

// Counts that doubles hold exactly are written in full.
NumberText pair_text(double pairs) {
    return pairs < 0x1p53 ? NumberText{format_count(std::int64_t(pairs)), "pairs"} : format_si(pairs, "pairs");
}

CostCard work_card(const Cost& cost) {
    const Problem& problem = cost.problem;
    const double matrix = double(problem.seq_len) * double(problem.kv_len) * double(problem.heads);
    CostCard card{"Work", problem.heads > 1 ? fmt::format("all {} heads", problem.heads) : "", {}};
    card.rows.push_back(
        row_of("FLOPs", format_si(cost.flops(), "FLOP"),
               fmt::format("{} FLOP exactly: 4 · D {} · B {} · {} counted pairs", format_digits(cost.flops_digits()),
                           problem.head_dim, problem.batch, format_count(cost.multiplicity))));
    card.rows.push_back(
        {"active pairs", format_count(cost.active_pairs), "pairs",
         fmt::format("Distinct pairs; {} counted once for each branch", format_count(cost.multiplicity))});
    card.rows.push_back(
        {"density", format_significant(cost.density() * 100), "%",
         fmt::format("Active ÷ allowed pairs = {} ÷ {}; of all N × M pairs {}", format_count(cost.active_pairs),
                     format_count(cost.allowed_pairs), format_percent(double(cost.active_pairs) / matrix))});
    card.rows.push_back({"ideal speed-up", format_significant(cost.ideal_speedup(), 3), "×",
                         "Allowed ÷ active pairs: what a kernel without any loss would gain over dense"});
    return card;
}

CostCard tile_card(const Cost& cost) {
    const TileCounts& tiles = *cost.tiles;
    CostCard card{"Tiles", fmt::format("{} × {} tokens", cost.tile_size.rows, cost.tile_size.columns), {}};
    const std::string all = format_count(tiles.allowed());
    card.rows.push_back(
        {"full", format_count(tiles.full), "tiles", "Every pair of the tile is active: no mask needed"});
    card.rows.push_back(
        {"partial", format_count(tiles.partial), "tiles", "Some pairs are active, the others are masked"});
    card.rows.push_back(
        {"empty", format_count(tiles.empty), "tiles", "No pair is active: skipped; of " + all + " allowed tiles"});
    card.rows.push_back({"tile density", format_significant(cost.tile_density() * 100), "%",
                         fmt::format("Active ÷ allowed tiles = {} ÷ {}", format_count(tiles.active()), all)});
    if (tiles.active() == 0) return card;
    card.rows.push_back({"efficiency", format_significant(cost.tile_efficiency() * 100), "%",
                         "Active pairs ÷ (active tiles × rows × columns)"});
    card.rows.push_back(row_of("wasted pairs", pair_text(cost.wasted_pairs()),
                               "Pairs of the active tiles that are not active: masked, or beyond the matrix"));
    card.rows.push_back({"tile speed-up", format_significant(cost.tile_speedup(), 3), "×",
                         "Allowed ÷ active tiles: what a kernel of whole tiles can gain over dense"});
    card.rows.push_back({"KV reuse", format_significant(cost.kv_reuse(), 3), "×",
                         "How often a tile of keys is read: active tiles ÷ key tiles, mean over heads"});
    return card;
}

CostCard memory_card(const Cost& cost, std::int64_t threads) {
    CostCard card{"Memory", "", {}};
    card.rows.push_back(row_of("moved at least", format_bytes(cost.ideal_bytes()),
                               format_exact(cost.ideal_bytes(), "bytes") + ": q, k, v, out and lse once each"));
    card.rows.push_back(
        {"intensity", format_significant(cost.intensity(), 3), "FLOP/B", "FLOPs ÷ bytes moved at least"});
    if (cost.tiles) {
        card.rows.push_back(row_of("moved by tiles", format_bytes(cost.tiled_bytes()),
                                   format_exact(cost.tiled_bytes(), "bytes") +
                                       ": q, out and lse once, a tile of keys and values for each active tile"));
        card.rows.push_back({"tiled intensity", format_significant(cost.tiled_intensity(), 3), "FLOP/B",
                             "FLOPs ÷ bytes moved by tiles"});
    }
    card.rows.push_back(row_of(
        "peak", format_bytes(cost.peak_bytes(int(threads))),
        fmt::format("Tensors {} + plan {}{} + {} threads × {} of workspace", format_bytes(cost.ideal_bytes()).joined(),
                    format_bytes(cost.plan_bytes).joined(), cost.is_planned ? "" : " (not made: too large)", threads,
                    format_bytes(workspace_bytes(cost.problem.head_dim)).joined())));
    return card;
}

CostCard plan_card(const Cost& cost) {
    CostCard card{"Engine's plan", cost.is_planned ? "cpu" : "too large for a what-if", {}};
    if (!cost.is_planned || cost.work.pairs <= 0) return card;
    const PlanWork& work = cost.work;
    const auto share = [&](double pairs) { return format_significant(pairs / work.pairs * 100, 3); };
    card.rows.push_back({"wasted work", share(work.masked_pairs + work.padding_pairs), "%",
                         "Multiplications of masked and padded pairs; the plan gathers keys, so its tiles are fuller "
                         "than those of the matrix"});
    card.rows.push_back(row_of("masked", pair_text(work.masked_pairs), "Pairs in its tiles that a band masks"));
    card.rows.push_back(row_of("padded", pair_text(work.padding_pairs), "Rows that fill up a vector of 16"));
    card.rows.push_back(row_of("query tiles", {format_count(std::int64_t(work.tiles)), "tiles"},
                               "Up to 128 queries that share their keys"));
    return card;
}

void add_waterfall(CostScene& scene, const CostFacts& facts) {
    const Prediction& now = *facts.prediction;
    const double dense = facts.dense->time_ms;
    const double share = double(facts.cost.multiplicity) / double(facts.cost.allowed_pairs);
    const double proportional = dense * share;
    const PredictedTime& parts = now.parts;
    const double overhead = now.time_ms - proportional - parts.masked - parts.padding - parts.waiting;
    double at = 0;
    const auto total = [&](std::string label, double time_ms, std::string help) {
        scene.bars.push_back({WaterfallBar::total, std::move(label), 0, time_ms, std::move(help)});
        at = time_ms;
    };
    const auto step = [&](WaterfallBar::Kind kind, std::string label, double change_ms, std::string help) {
        scene.bars.push_back({kind, std::move(label), at, at + change_ms, std::move(help)});
        at += change_ms;
    };
    total("dense", dense, "Predicted for the same shapes without a pattern");
    step(WaterfallBar::gain, "pairs left out", proportional - dense,
         fmt::format("Dense time × counted ÷ allowed pairs leaves {}", format_time_ms(proportional).joined()));
    step(WaterfallBar::loss, "masked pairs", parts.masked, "Pairs in the plan's tiles that a band masks");
    step(WaterfallBar::loss, "padded rows", parts.padding, "Rows that fill up a vector");
    step(WaterfallBar::loss, "overhead", overhead,
         "Gathering keys, starting tiles and the call, beyond what dense pays for each pair");
    step(WaterfallBar::loss, "waiting", parts.waiting, "Threads without a tile, or all of them for memory");
    if (facts.measured) {
        step(WaterfallBar::unexplained, "unexplained", facts.measured->time_ms - now.time_ms,
             "Measured − predicted: what the model does not know");
        total("measured", facts.measured->time_ms, facts.measured->source);
    } else {
        total("predicted", now.time_ms, "Not measured yet");
    }
    const WaterfallBar* worst = nullptr;
    for (const WaterfallBar& bar : scene.bars)
        if ((bar.kind == WaterfallBar::loss || bar.kind == WaterfallBar::unexplained) &&
            (!worst || bar.change_ms() > worst->change_ms()))
            worst = &bar;
    if (worst && worst->change_ms() > 0)
        scene.verdict =
            fmt::format("Biggest loss: {}, {} ({} %)", worst->label, format_time_ms(worst->change_ms()).joined(),
                        format_significant(worst->change_ms() / scene.bars.back().to_ms * 100, 2));
    else
        scene.verdict = "No loss: as fast as its pairs allow";
}

std::string headline_help(const CostFacts& facts) {
    const Prediction& now = *facts.prediction;
    std::string help =
        fmt::format("Predicted {}, four of five calls between {} and {}", format_exact(now.time_ms, "ms"),
                    format_time_ms(now.low_ms).joined(), format_time_ms(now.high_ms).joined());
    if (facts.record.run_count > 0)
        help += fmt::format("; {} measured runs of this machine were {} × their prediction", facts.record.run_count,
                            format_significant(facts.record.ratio, 3));
    return help + (facts.cost.is_planned ? "" : "; the plan is too large for a what-if, so its waste is left out");
}

} // namespace

CostScene make_cost_scene(const CostFacts& facts) {
    CostScene scene;
    const Cost& cost = facts.cost;
    if (facts.prediction && facts.prediction->time_ms > 0) {
        const Prediction& now = *facts.prediction;
        const NumberText time = format_time_ms(now.time_ms);
        scene.headline = time.number, scene.headline_unit = time.unit;
        const double half = std::max(now.high_ms - now.time_ms, now.time_ms - now.low_ms) / now.time_ms;
        scene.interval = fmt::format("± {} % predicted", format_significant(half * 100, 2));
        scene.headline_help = headline_help(facts);
        if (facts.dense) add_waterfall(scene, facts);
    } else {
        scene.headline = "–";
        scene.interval = facts.no_prediction;
    }
    scene.is_measured = facts.measured.has_value();
    if (facts.measured) {
        scene.measured = format_time_ms(facts.measured->time_ms).joined() + " measured";
        if (facts.prediction && facts.prediction->time_ms > 0)
            scene.measured += fmt::format(" ({} against the prediction)",
                                          format_change(facts.measured->time_ms / facts.prediction->time_ms));
    } else {
        scene.measured = "not measured yet";
    }
    if (cost.active_pairs > 0) scene.cards.push_back(work_card(cost));
    if (cost.tiles) scene.cards.push_back(tile_card(cost));
    if (cost.active_pairs > 0) scene.cards.push_back(memory_card(cost, facts.threads));
    if (cost.tiles) scene.cards.push_back(plan_card(cost));
    return scene;
}

namespace {

constexpr float headline_height = 58, bar_row = 22, row_height = 22, title_height = 26, card_gap = 14;
constexpr float wide_from = 640, label_width = 108, value_room = 84;

} // namespace

CostLayout layout_cost(const CostScene& scene, Rect area) {
    CostLayout layout;
    const bool is_wide = area.width >= wide_from;
    const float gap = 2 * space::padding;
    const float left = is_wide ? std::min(620.f, (area.width - gap) * 0.55f) : area.width;
    layout.headline = {area.x, area.y, left, headline_height};
    float y = layout.headline.bottom();
    layout.waterfall = {area.x, y, left, scene.bars.empty() ? 0 : bar_row * float(scene.bars.size()) + title_height};
    for (std::size_t bar = 0; bar < scene.bars.size(); ++bar)
        layout.bars.push_back({area.x, y + title_height + bar_row * float(bar), left, bar_row});
    y = layout.waterfall.bottom() + (scene.bars.empty() ? 0 : card_gap);
    const float left_bottom = y;
    const float x = is_wide ? area.x + left + gap : area.x;
    const float width = is_wide ? std::min(380.f, area.width - left - gap) : area.width;
    if (is_wide) y = area.y;
    for (const CostCard& card : scene.cards) {
        layout.titles.push_back({x, y});
        y += title_height;
        layout.rows.emplace_back();
        for (std::size_t row = 0; row < card.rows.size(); ++row, y += row_height)
            layout.rows.back().push_back({x, y, width, row_height});
        y += card_gap;
    }
    layout.height = std::max(y, left_bottom) - area.y;
    return layout;
}

CostHover hover_at(const CostLayout& layout, Point at) {
    CostHover hover;
    for (std::size_t bar = 0; bar < layout.bars.size(); ++bar)
        if (layout.bars[bar].contains(at)) hover.bar = int(bar);
    for (std::size_t card = 0; card < layout.rows.size(); ++card)
        for (std::size_t row = 0; row < layout.rows[card].size(); ++row)
            if (layout.rows[card][row].contains(at)) hover.card = int(card), hover.row = int(row);
    return hover;
}

namespace {

Colour bar_colour(const WaterfallBar& bar) {
    switch (bar.kind) {
    case WaterfallBar::total: return theme().accent;
    case WaterfallBar::gain: return theme().good;
    case WaterfallBar::loss: return bar.change_ms() < 0 ? theme().good : theme().warning;
    case WaterfallBar::unexplained: return theme().disabled;
    }
    return theme().text;
}

// "+0.21 ms", or the whole for totals.
std::string bar_value(const WaterfallBar& bar) {
    if (bar.kind == WaterfallBar::total) return format_time_ms(bar.to_ms).joined();
    if (bar.change_ms() == 0) return "0 ms";
    return (bar.change_ms() < 0 ? "−" : "+") + format_time_ms(std::abs(bar.change_ms())).joined();
}

void draw_waterfall(Canvas& canvas, const CostScene& scene, const CostLayout& layout, int hovered, float opacity) {
    const Theme& colours = theme();
    canvas.text({layout.waterfall.x, layout.waterfall.y}, scene.verdict, TextStyle::caption,
                colours.text.with_alpha(opacity));
    // What remains after the pairs left out is often a small share of dense: then it gets the room, and bars that reach
    // beyond are cut.
    double most = 0, most_after = 0;
    for (std::size_t index = 0; index < scene.bars.size(); ++index) {
        most = std::max(most, scene.bars[index].to_ms);
        if (index > 0) most_after = std::max(most_after, scene.bars[index].to_ms);
    }
    const bool is_cut = most_after < 0.4 * most;
    if (is_cut) most = 1.25 * most_after;
    const double least_seen = most * 1e-6;
    for (std::size_t index = 0; index < scene.bars.size(); ++index) {
        const WaterfallBar& bar = scene.bars[index];
        const Rect row = layout.bars[index];
        if (int(index) == hovered) canvas.filled_rectangle(row, colours.raised, space::radius);
        canvas.text({row.x, row.y + 3}, bar.label, TextStyle::caption, colours.muted.with_alpha(opacity));
        canvas.text({row.right(), row.y + 3}, bar_value(bar), TextStyle::caption_number,
                    colours.text.with_alpha(opacity), Align::right);
        const Rect room{row.x + label_width, row.y + 4, row.width - label_width - value_room, row.height - 8};
        if (room.width < 10 || most <= 0) continue;
        const auto x_of = [&](double time_ms) {
            return room.x + float(std::clamp(time_ms / most, 0.0, 1.0)) * room.width;
        };
        const float low = x_of(std::min(bar.from_ms, bar.to_ms)), high = x_of(std::max(bar.from_ms, bar.to_ms));
        const bool is_visible = std::abs(bar.change_ms()) > least_seen;
        if (is_visible)
            canvas.filled_rectangle({low, room.y, std::max(1.5f, high - low), room.height},
                                    bar_colour(bar).with_alpha(0.9f * opacity), 2);
        if (is_cut && std::max(bar.from_ms, bar.to_ms) > most)
            for (const float cut : {10.f, 16.f}) // two strokes: it goes on beyond
                canvas.line({room.right() - cut - 3, room.bottom() + 2}, {room.right() - cut + 3, room.y - 2},
                            colours.panel, 2.5f);
        if (index + 1 < scene.bars.size() && !(is_cut && bar.to_ms > most)) // where the next one starts
            canvas.line({x_of(bar.to_ms), room.bottom()}, {x_of(bar.to_ms), room.bottom() + 8},
                        colours.line.with_alpha(opacity));
    }
}

void draw_card(Canvas& canvas, const CostCard& card, Point title, const std::vector<Rect>& rows, int hovered,
               float opacity) {
    const Theme& colours = theme();
    canvas.text(title, card.title, TextStyle::title, colours.text.with_alpha(opacity));
    const float after = title.x + canvas.text_size(card.title, TextStyle::title).x + space::gap;
    canvas.text({after, title.y + 2}, card.remark, TextStyle::caption, colours.muted.with_alpha(opacity));
    constexpr float unit_room = 52;
    for (std::size_t index = 0; index < rows.size(); ++index) {
        const Rect row = rows[index];
        if (int(index) == hovered) canvas.filled_rectangle(row, colours.raised, space::radius);
        canvas.text({row.x, row.y + 2}, card.rows[index].label, TextStyle::body, colours.muted.with_alpha(opacity));
        const float end = row.right() - unit_room;
        canvas.text({end, row.y + 3}, card.rows[index].value, TextStyle::number, colours.text.with_alpha(opacity),
                    Align::right);
        canvas.text({end + 6, row.y + 4}, card.rows[index].unit, TextStyle::caption, colours.muted.with_alpha(opacity));
    }
}

} // namespace

void draw_cost(Canvas& canvas, const CostScene& scene, const CostLayout& layout, CostHover hovered, float opacity) {
    const Theme& colours = theme();
    const Rect head = layout.headline;
    canvas.text({head.x, head.y}, scene.headline, TextStyle::headline, colours.accent.with_alpha(opacity));
    float x = head.x + canvas.text_size(scene.headline, TextStyle::headline).x + 5;
    canvas.text({x, head.y + 8}, scene.headline_unit, TextStyle::body, colours.muted.with_alpha(opacity));
    x += canvas.text_size(scene.headline_unit, TextStyle::body).x + space::gap;
    canvas.text({x, head.y + 9}, scene.interval, TextStyle::caption, colours.muted.with_alpha(opacity));
    canvas.text({head.x, head.y + 32}, scene.measured, TextStyle::body,
                (scene.is_measured ? colours.text : colours.muted).with_alpha(opacity));
    if (!scene.bars.empty()) draw_waterfall(canvas, scene, layout, hovered.bar, opacity);
    for (std::size_t card = 0; card < scene.cards.size(); ++card)
        draw_card(canvas, scene.cards[card], layout.titles[card], layout.rows[card],
                  hovered.card == int(card) ? hovered.row : -1, opacity);
}

} // namespace dilascope
