#include "views/timing_scene.h"
#include "views/number_format.h"
#include "views/theme.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace dilascope {
namespace {

constexpr std::size_t series_count_max = 48;
constexpr std::size_t trail_length = 24;

struct CaseField {
    std::string name, unit;
    bool is_number = false;
};

std::vector<CaseField> case_fields() {
    std::vector<CaseField> fields;
    const Case config;
    Case::visit(config, [&](const Field& field, const auto& member) {
        using Member = std::remove_cvref_t<decltype(member)>;
        fields.push_back({field.name, field.unit, std::is_same_v<Member, std::int64_t>});
    });
    return fields;
}

// The fields as texts, in order of visit; the axis is left blank, so that what differs along it is the same curve.
std::vector<std::string> field_texts(const Case& config, const std::string& axis) {
    std::vector<std::string> texts;
    Case::visit(config, [&](const Field& field, const auto& member) {
        using Member = std::remove_cvref_t<decltype(member)>;
        if (field.name == axis)
            texts.emplace_back();
        else if constexpr (std::is_same_v<Member, std::int64_t>)
            texts.push_back(std::to_string(member));
        else if constexpr (std::is_same_v<Member, bool>)
            texts.emplace_back(member ? "causal" : "");
        else
            texts.push_back(member);
    });
    return texts;
}

// The texts in one, to look curves up by.
std::string curve_key(const Case& config, const std::string& axis) {
    std::string key;
    for (const std::string& text : field_texts(config, axis)) key.append(text).push_back('\n');
    return key;
}

double axis_number(const Case& config, const std::string& axis) {
    if (axis == "kv_len" && config.kv_len == 0) return double(config.seq_len); // what 0 stands for
    if (axis == "kv_heads" && config.kv_heads == 0) return double(config.heads);
    double number = 0;
    Case::visit(config, [&](const Field& field, const auto& member) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, std::int64_t>)
            if (field.name == axis) number = double(member);
    });
    return number;
}

bool is_plotted(const Run& run) { return run.status == RunStatus::done && run.time_ms_median > 0; }

// Finished and timed runs, oldest first; ids sort by time.
std::vector<const Run*> plotted_runs(const std::vector<Run>& runs) {
    std::vector<const Run*> found;
    for (const Run& run : runs)
        if (is_plotted(run)) found.push_back(&run);
    std::sort(found.begin(), found.end(), [](const Run* a, const Run* b) { return a->id < b->id; });
    return found;
}

// The selected ones; without a selection the newest of each case.
std::vector<const Run*> chosen_runs(const std::vector<const Run*>& runs, const std::set<std::string>& selected) {
    std::vector<const Run*> found;
    std::unordered_set<std::string_view> seen;
    for (auto run = runs.rbegin(); run != runs.rend(); ++run)
        if (selected.empty() ? seen.insert((*run)->case_hash).second : selected.contains((*run)->id))
            found.push_back(*run);
    std::reverse(found.begin(), found.end());
    return found;
}

struct Group {
    std::vector<std::string> values; // of the case's fields
    std::vector<std::pair<double, const Run*>> points;
    std::size_t order = 0; // of its first run among all runs: decides the colour
};

std::vector<Group> group_runs(const std::vector<const Run*>& all, const std::vector<const Run*>& chosen,
                              const std::string& axis, const std::atomic<bool>& cancel) {
    std::unordered_map<std::string, std::size_t> orders;
    for (const Run* run : all) {
        if (cancel) return {};
        orders.try_emplace(curve_key(run->config, axis), orders.size());
    }
    std::map<std::size_t, Group> groups;
    for (const Run* run : chosen) {
        if (cancel) return {};
        const std::size_t order = orders.at(curve_key(run->config, axis)); // chosen runs are among all
        Group& group = groups[order];
        if (group.points.empty()) group.values = field_texts(run->config, axis);
        group.order = order;
        group.points.emplace_back(axis_number(run->config, axis), run);
    }
    std::vector<Group> found;
    for (auto& entry : groups) found.push_back(std::move(entry.second));
    return found;
}

// The fewest fields that tell all groups apart, the pattern first: names stay short enough to be read.
std::vector<bool> telling_fields(const std::vector<Group>& groups, const std::vector<bool>& differs) {
    std::vector<bool> chosen(differs.size(), false);
    const auto distinct_with = [&](std::size_t extra) {
        std::set<std::vector<std::string_view>> names;
        for (const Group& group : groups) {
            std::vector<std::string_view> name;
            for (std::size_t index = 0; index < differs.size(); ++index)
                if (chosen[index] || index == extra) name.push_back(group.values[index]);
            names.insert(std::move(name));
        }
        return names.size();
    };
    chosen[0] = differs[0];
    while (distinct_with(0) < groups.size()) {
        std::size_t best = 0, best_count = 0;
        for (std::size_t index = 1; index < differs.size(); ++index) {
            if (!differs[index] || chosen[index]) continue;
            if (const std::size_t count = distinct_with(index); count > best_count) best = index, best_count = count;
        }
        if (best == 0) break;
        chosen[best] = true;
    }
    return chosen;
}

// "heads 4"; a 0 that stands for another field is told as that.
std::string field_text(const CaseField& field, const std::string& value) {
    if (!field.is_number) return value;
    if (value == "0" && field.name == "kv_len") return "kv_len = seq_len";
    if (value == "0" && field.name == "kv_heads") return "kv_heads = heads";
    return field.name + " " + value;
}

// "dense · heads 4": the values of some fields in words; the pattern when there is nothing else to say.
std::string group_name(const Group& group, const std::vector<bool>& told, const std::vector<CaseField>& fields) {
    std::string name;
    for (std::size_t index = 0; index < fields.size(); ++index) {
        if (!told[index] || group.values[index].empty()) continue;
        if (!name.empty()) name += " · ";
        name += field_text(fields[index], group.values[index]);
    }
    return name.empty() ? group.values[0] : name;
}

// What no curve's name tells because it is the same in all; what says nothing (batch 1, forward) is left out.
std::string common_text(const Group& group, const std::vector<bool>& differs, const std::vector<CaseField>& fields) {
    const std::set<std::string> silent = {"pattern", "input", "seed"}, plain = {"", "0", "1", "forward"};
    std::string text;
    for (std::size_t index = 0; index < fields.size(); ++index) {
        const std::string& value = group.values[index];
        if (differs[index] || silent.contains(fields[index].name) || plain.contains(value)) continue;
        text += (text.empty() ? "" : " · ") + field_text(fields[index], value);
    }
    return text;
}

Sample run_sample(double x, const Run& run, TimingMeasure measure) {
    if (measure == TimingMeasure::time) return {x, run.time_ms_median, run.time_ms_ci_low, run.time_ms_ci_high};
    // useful work ÷ time: the interval turns over
    const double work = run.gflop_per_s * run.time_ms_median;
    return {x, run.gflop_per_s, work / run.time_ms_ci_high, work / run.time_ms_ci_low};
}

Series group_series(Group group, TimingMeasure measure, const std::string& name) {
    constexpr std::array<Marker, 4> markers = {Marker::disc, Marker::ring, Marker::square, Marker::diamond};
    Series series;
    series.name = name;
    series.colour = branch_colour(int(group.order % 8));
    series.marker = markers[group.order / 8 % markers.size()];
    std::sort(group.points.begin(), group.points.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [x, run] : group.points) {
        series.samples.push_back(run_sample(x, *run, measure));
        series.ids.push_back(run->id);
    }
    return series;
}

void name_axes(PlotScene& scene, const TimingRequest& request, const std::vector<CaseField>& fields) {
    const auto field =
        std::find_if(fields.begin(), fields.end(), [&](const CaseField& one) { return one.name == request.axis; });
    scene.x.title = request.axis;
    scene.x.unit = field == fields.end() ? "" : field->unit;
    scene.x.scale = request.log_x ? AxisScale::log2 : AxisScale::linear;
    const bool is_time = request.measure == TimingMeasure::time;
    scene.y.title = is_time ? "median time" : "useful throughput";
    scene.y.note = "with 95 % interval";
    scene.y.unit = is_time ? "ms" : "GFLOP/s";
    scene.y.scale = request.log_y ? AxisScale::log10 : AxisScale::linear;
}

std::vector<AxisChoice> axis_choices(const std::vector<const Run*>& runs, const std::vector<CaseField>& fields) {
    std::vector<std::unordered_set<std::int64_t>> values(fields.size());
    for (const Run* run : runs) {
        std::size_t index = 0;
        Case::visit(run->config, [&](const Field&, const auto& member) {
            if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, std::int64_t>)
                values[index].insert(member);
            ++index;
        });
    }
    std::vector<AxisChoice> choices;
    for (std::size_t index = 0; index < fields.size(); ++index)
        if (fields[index].is_number) choices.push_back({fields[index].name, int(values[index].size())});
    return choices;
}

} // namespace

TimingPicture make_timing_picture(const TimingRequest& request, const std::atomic<bool>& cancel) {
    TimingPicture picture;
    picture.request = request;
    const auto fields = case_fields();
    name_axes(picture.scene, request, fields);
    const auto all = request.runs ? plotted_runs(*request.runs) : std::vector<const Run*>();
    const auto chosen = chosen_runs(all, request.selected);
    picture.run_count = int(chosen.size());
    picture.axes = axis_choices(chosen, fields);
    if (cancel) return picture;

    auto groups = group_runs(all, chosen, request.axis, cancel);
    if (groups.size() > series_count_max) {
        picture.series_left_out = int(groups.size() - series_count_max);
        groups.erase(groups.begin(), groups.begin() + picture.series_left_out); // the oldest
    }
    std::vector<bool> differs(fields.size(), false);
    for (const Group& group : groups)
        for (std::size_t index = 0; index < fields.size(); ++index)
            if (group.values[index] != groups.front().values[index]) differs[index] = true;
    if (!groups.empty()) picture.common = common_text(groups.front(), differs, fields);
    const std::vector<bool> telling = telling_fields(groups, differs);
    for (Group& group : groups) {
        const std::string name = group_name(group, telling, fields), detail = group_name(group, differs, fields);
        picture.scene.series.push_back(group_series(std::move(group), request.measure, name));
        picture.scene.series.back().detail = detail;
    }
    return picture;
}

LiveTiming live_timing(const LiveResult& result) {
    return {result.generation, result.config, result.time_ms_median, result.gflop_per_s, result.times_ms};
}

void add_live(PlotScene& scene, const TimingRequest& request, const std::vector<LiveTiming>& history) {
    if (history.empty()) return;
    const bool is_time = request.measure == TimingMeasure::time;
    const auto value = [&](const LiveTiming& one) { return is_time ? one.time_ms : one.gflop_per_s; };
    const auto place = [&](const LiveTiming& one) { return axis_number(one.config, request.axis); };
    if (history.size() > 1) {
        Series trail;
        trail.name = "live, before";
        trail.colour = theme().accent.with_alpha(0.55f);
        trail.marker = Marker::ring;
        trail.line_width = 0;
        const std::size_t first = history.size() - std::min(history.size(), trail_length + 1);
        for (std::size_t index = first; index + 1 < history.size(); ++index)
            trail.samples.push_back({place(history[index]), value(history[index])});
        std::stable_sort(trail.samples.begin(), trail.samples.end(),
                         [](const Sample& a, const Sample& b) { return a.x < b.x; });
        scene.series.push_back(std::move(trail));
    }
    const LiveTiming& newest = history.back();
    const std::string text = "live " + format_quantity(value(newest), scene.y.unit).joined();
    scene.annotations.push_back({Annotation::Kind::point, place(newest), value(newest), text, theme().accent});
}

} // namespace dilascope
