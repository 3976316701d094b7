#include "views/reach_scene.h"
#include "engine/pattern/field_text.h"
#include "views/fitted_text.h"
#include "views/number_format.h"
#include "views/theme.h"
#include <fmt/format.h>

namespace dilascope {

namespace {

using Kind = ReachRow::Kind;

std::string range_text(Range range) {
    return range.size() == 1 ? format_count(range.begin)
                             : format_count(range.begin) + " … " + format_count(range.end - 1);
}

// The kind of hole as one row, and its first ranges below when there are several; `jump_to` says where one is seen.
template <class JumpTo>
void add_holes(std::vector<ReachRow>& rows, const HoleSet& set, const char* id, const char* label, const char* help,
               JumpTo&& jump_to) {
    ReachRow row{Kind::fact, fmt::format("hole/{}", id), label, "none", help, {}};
    if (set.count > 0) {
        row.value = format_count(set.count);
        if (set.longest.size() > 0) row.jump = jump_to(set.longest);
    }
    rows.push_back(row);
    for (std::size_t index = 0; index < set.ranges.size(); ++index)
        rows.push_back({Kind::fact, fmt::format("hole/{}/{}", id, index), "    " + range_text(set.ranges[index]),
                        format_count(set.ranges[index].size()), help, jump_to(set.ranges[index])});
}

void add_coverage(std::vector<ReachRow>& rows, const ReachAnswer& answer) {
    rows.push_back({Kind::title, "", "Coverage", "", "", {}});
    if (!answer.stack_error.empty()) rows.push_back({Kind::trouble, "", answer.stack_error, "", "", {}});
    if (!answer.coverage) return;
    const Coverage& c = *answer.coverage;
    const std::size_t last = c.share.size() - 1;
    std::string value = format_percent(c.share[last]);
    const std::string low = format_percent(c.low[last]), high = format_percent(c.high[last]);
    if (low != high) value = low + " … " + high;
    const std::string method = c.is_exact ? "exact" : fmt::format("sampled, {} rows", c.rows);
    rows.push_back({Kind::fact,
                    "coverage",
                    fmt::format("Within {} layers ({})", last, method),
                    value,
                    fmt::format("Share of allowed pairs (q, k) reachable in at most {} layers, each with its residual; "
                                "{} pairs of the queries walked. A hole is a pair never reachable.",
                                last, format_count(c.reached_pairs[last])),
                    {}});
    std::string full = "not within the layers looked at";
    if (c.full == FullCoverage::never) full = "never, because of holes";
    if (c.full == FullCoverage::reached) full = fmt::format("after {} layers", c.layers_to_full);
    rows.push_back({Kind::fact,
                    "full",
                    "Full coverage",
                    full,
                    "Layers until every allowed pair is reachable, the stack repeated as often as needed" +
                        std::string(c.is_exact ? "" : "; of the queries walked"),
                    {}});
}

void add_hole_rows(std::vector<ReachRow>& rows, const ReachAnswer& answer) {
    const Problem& p = answer.request.problem;
    rows.push_back({Kind::title, "", fmt::format("Holes of head {}, one layer", answer.request.head), "", "", {}});
    if (!answer.holes) {
        rows.push_back({Kind::trouble, "", answer.holes_error, "", "", {}});
        return;
    }
    const Holes& h = *answer.holes;
    const std::int64_t offset = p.kv_len - p.seq_len;
    const auto at_query = [&](Range r) { return ReachJump{r.begin, r.begin + offset, r.size()}; };
    const auto at_key = [&](Range r) {
        return ReachJump{std::clamp<std::int64_t>(r.begin - offset, 0, p.seq_len - 1), r.begin, r.size()};
    };
    const auto at_distance = [&](Range r) { return ReachJump{p.seq_len - 1, p.kv_len - 1 - r.begin, r.size()}; };
    add_holes(rows, h.queries_without_key, "query", "Queries without a key", "They give output 0", at_query);
    add_holes(rows, h.keys_never_read, "key", "Keys never read", "No query of this head reads them", at_key);
    add_holes(rows, h.queries_of_self, "self", "Queries that read only themselves", "Their only key is their own",
              at_query);
    add_holes(rows, h.distances, "distance", "Distances no pair has", "Distance: query position − key", at_distance);
    ReachRow gap{Kind::fact, "hole/gap", "Widest gap between keys of a row", "none", "", {}};
    if (h.widest_gap.query >= 0 && h.widest_gap.size() > 1) {
        gap.value = format_count(h.widest_gap.size() - 1) + " keys";
        gap.help = fmt::format("Query {} reads keys {} and {} and none between", format_count(h.widest_gap.query),
                               format_count(h.widest_gap.from), format_count(h.widest_gap.to));
        gap.jump = ReachJump{h.widest_gap.query, h.widest_gap.from, h.widest_gap.size()};
    }
    rows.push_back(gap);
    if (!p.causal) return;
    ReachRow start{Kind::fact,
                   "hole/start",
                   "Causal start region",
                   "none",
                   "Leading queries with no key or only themselves: the pattern has not begun there",
                   {}};
    if (h.start.size() > 0) start.value = "queries " + range_text(h.start), start.jump = at_query(h.start);
    rows.push_back(start);
}

void add_phases(std::vector<ReachRow>& rows, const ReachAnswer& answer) {
    if (!answer.phases_error.empty()) rows.push_back({Kind::trouble, "", answer.phases_error, "", "", {}});
    if (!answer.phases) return;
    const PhasePlan& plan = *answer.phases;
    const auto share = [&](std::int64_t pairs) { return format_percent(double(pairs) / double(plan.allowed)); };
    const std::string change = share(plan.covered_now) + " → " + share(plan.covered_best);
    const std::string exact =
        fmt::format("{} → {} pairs, exact", format_count(plan.covered_now), format_count(plan.covered_best));
    if (plan.mode) {
        const std::string text = fmt::format("phase={}", enum_name(*plan.mode));
        rows.push_back({Kind::fact, "phase", "Suggested " + text, change, exact, {}});
        rows.push_back({Kind::apply, "apply", "Apply " + text, "", "Write this phase into the pattern", {}});
    } else if (!plan.offsets.empty()) {
        const std::string text = "offsets=" + value_text(plan.offsets);
        rows.push_back({Kind::fact, "phase", "Suggested phase=list", change, exact, {}});
        rows.push_back({Kind::note, "", text + " (heads 0, 1, …; each keeps offset mod rate)", "", "", {}});
        rows.push_back(
            {Kind::apply, "apply", "Apply offsets", "", "Write phase=list " + text + " into the pattern", {}});
    } else
        rows.push_back({Kind::fact, "phase", "No other phases cover more", share(plan.covered_now), "", {}});
    if (plan.covered_all > 0)
        rows.push_back({Kind::fact,
                        "phase_all",
                        "Every phase at once",
                        share(plan.covered_all),
                        "No choice of phases covers more",
                        {}});
}

} // namespace

std::vector<ReachRow> reach_rows(const ReachAnswer& answer) {
    std::vector<ReachRow> rows;
    add_coverage(rows, answer);
    add_hole_rows(rows, answer);
    rows.push_back({Kind::title, "", "Heads together, one layer", "", "", {}});
    if (!answer.heads_error.empty()) rows.push_back({Kind::trouble, "", answer.heads_error, "", "", {}});
    if (answer.heads)
        rows.push_back({Kind::fact,
                        "union",
                        fmt::format("Read by at least one of {}", answer.request.problem.heads),
                        format_percent(answer.heads->share()),
                        fmt::format("{} of {} allowed pairs, exact", format_count(answer.heads->covered()),
                                    format_count(answer.heads->allowed())),
                        {}});
    add_phases(rows, answer);
    if (!answer.left_out.empty()) rows.push_back({Kind::title, "", "Left out", "", "", {}});
    for (const std::string& sentence : answer.left_out) rows.push_back({Kind::note, "", sentence, "", "", {}});
    return rows;
}

PlotScene coverage_plot(const ReachAnswer& answer) {
    PlotScene scene;
    scene.x = {"layers", "", AxisScale::linear, 0, double(answer.request.layers), {}};
    scene.y = {"coverage", "%", AxisScale::linear, 0, 104, {}};
    if (!answer.coverage) return scene;
    const Coverage& c = *answer.coverage;
    Series series;
    series.name = c.is_exact ? "exact" : fmt::format("sampled, {} rows", c.rows);
    if (!c.is_exact) scene.y.note = "with 95 % interval";
    series.colour = theme().accent;
    for (std::size_t layer = 0; layer < c.share.size(); ++layer) {
        Sample sample{double(layer), 100 * c.share[layer]};
        if (!c.is_exact) sample.low = 100 * c.low[layer], sample.high = 100 * c.high[layer];
        series.samples.push_back(sample);
    }
    scene.series.push_back(std::move(series));
    return scene;
}

Colour depth_colour(std::int32_t depth, int layers) {
    if (depth == DepthPixel::never) return theme().raised;
    return map_colour(ColourMap::viridis, 1 - 0.9f * float(depth) / float(std::max(1, layers)));
}

std::vector<std::uint32_t> paint_depths(const ReachAnswer& answer) {
    std::vector<std::uint32_t> rgba;
    for (const DepthPixel& pixel : answer.depths) {
        const Colour c = depth_colour(pixel.min, answer.request.layers);
        rgba.push_back(
            pixel.min < 0 ? 0 : 0xff000000u | std::uint32_t(c.b) << 16 | std::uint32_t(c.g) << 8 | std::uint32_t(c.r));
    }
    return rgba;
}

void draw_depth_legend(Canvas& canvas, int layers, Rect where) {
    canvas.text({where.x, where.y}, "Layers to reach, fewest of the pixel", TextStyle::caption, theme().muted);
    const float step = std::min(36.f, (where.width - 60) / float(layers + 1));
    for (int depth = 0; depth <= layers + 1; ++depth) {
        const bool is_never = depth > layers;
        const Rect swatch{where.x + step * float(depth) + (is_never ? 8 : 0), where.y + 20, is_never ? 44 : step - 2,
                          12};
        canvas.filled_rectangle(swatch, depth_colour(is_never ? DepthPixel::never : depth, layers));
        canvas.rectangle(swatch, theme().line);
        canvas.text({swatch.x + swatch.width / 2, swatch.y + 14}, is_never ? "never" : std::to_string(depth),
                    TextStyle::caption, theme().muted, Align::centre);
    }
}

ReachLayout layout_reach(Rect area) {
    constexpr float gap = 24, legend_height = 56, rows_least = 330;
    ReachLayout layout;
    const float side = std::max(60.f, std::min(area.height - legend_height, area.width * 0.5f));
    layout.matrix = {area.x, area.y, side, side};
    layout.legend = {area.x + 66, area.y + side + 8, std::max(90.f, side - 66), legend_height - 8};
    const Rect right{area.x + side + gap, area.y, std::max(1.f, area.width - side - gap), area.height};
    if (right.width >= 2 * rows_least) {
        const float rows_width = std::min(460.f, right.width / 2);
        layout.plot = {right.x, right.y, right.width - rows_width - gap, std::min(right.height, 420.f)};
        layout.rows = {right.right() - rows_width, right.y, rows_width, right.height};
        return layout;
    }
    const float plot_height = std::clamp(right.height * 0.3f, 130.f, 260.f);
    layout.plot = {right.x, right.y, right.width, plot_height};
    layout.rows = {right.x, right.y + plot_height + 8, right.width, std::max(1.f, right.height - plot_height - 8)};
    return layout;
}

std::vector<Rect> place_rows(const Canvas& canvas, const std::vector<ReachRow>& rows, Rect where) {
    std::vector<Rect> places;
    float y = where.y;
    for (const ReachRow& row : rows) {
        float height = space::row;
        if (row.kind == Kind::title && !places.empty()) y += space::gap;
        if (row.kind == Kind::apply) height = 32;
        if (row.kind == Kind::note || row.kind == Kind::trouble)
            height = 6 + text_line_height * float(wrapped(canvas, row.label, TextStyle::caption, where.width).size());
        places.push_back({where.x, y, where.width, height});
        y += height;
    }
    return places;
}

void draw_row(Canvas& canvas, const ReachRow& row, Rect where, bool hovered) {
    const Theme& t = theme();
    if (row.kind == Kind::title) canvas.text({where.x, where.y}, row.label, TextStyle::title, t.text);
    if (row.kind == Kind::note) draw_wrapped(canvas, row.label, TextStyle::caption, t.muted, where);
    if (row.kind == Kind::trouble) draw_wrapped(canvas, row.label, TextStyle::caption, t.bad, where);
    if (row.kind != Kind::fact) return;
    if (hovered) canvas.filled_rectangle(where, t.raised, space::radius);
    const float value_width = canvas.text_size(row.value, TextStyle::number).x;
    canvas.text({where.x + 4, where.y + 3},
                shortened(canvas, row.label, TextStyle::body, where.width - value_width - 20), TextStyle::body,
                t.muted);
    canvas.text({where.right() - 4, where.y + 4}, row.value, TextStyle::number, row.jump ? t.accent : t.text,
                Align::right);
}

} // namespace dilascope
