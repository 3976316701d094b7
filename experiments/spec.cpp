#include "experiments/spec.h"
#include "engine/nearest.h"
#include "engine/pattern/pattern_text.h"
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <toml++/toml.h>

namespace dilascope {
namespace {

std::string type_name(const toml::node& node) {
    switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return fmt::format("\"{}\"", **node.as_string());
    case toml::node_type::integer: return fmt::format("{}", **node.as_integer());
    case toml::node_type::floating_point: return fmt::format("{}", **node.as_floating_point());
    case toml::node_type::boolean: return **node.as_boolean() ? "true" : "false";
    default: return "a date or time";
    }
}

// One table of the file, with its name for errors ("" at the top, "axes", "measure" …).
struct Section {
    const toml::table& table;
    std::string name;
    std::string file;

    SpecPlace place(const toml::node& node) const { return {file, std::int64_t(node.source().begin.line)}; }
    SpecPlace place() const { return place(table); }
    std::string subject(std::string_view key) const {
        return name.empty() ? std::string(key) : fmt::format("{}.{}", name, key);
    }
    tl::unexpected<Error> mismatch(std::string_view key, const toml::node& node, std::string_view expected) const {
        return place(node).error(fmt::format("{} has {}; expected {}", subject(key), type_name(node), expected));
    }
    // Keys in the order written.
    std::vector<std::string> keys() const {
        std::vector<std::pair<toml::source_position, std::string>> found;
        for (const auto& [key, node] : table) found.emplace_back(key.source().begin, std::string(key.str()));
        std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        std::vector<std::string> names;
        for (auto& [position, key] : found) names.push_back(std::move(key));
        return names;
    }
    Result<void> only(std::span<const std::string_view> known) const {
        for (const std::string& key : keys())
            if (std::find(known.begin(), known.end(), key) == known.end())
                return place(*table.get(key))
                    .error(fmt::format("unknown key {}{}", subject(key), nearest_hint(key, known)));
        return {};
    }
    // The text of a key; `fallback` when it is absent.
    Result<std::string> text(std::string_view key, std::string fallback) const {
        const toml::node* node = table.get(key);
        if (!node) return fallback;
        if (!node->is_string()) return mismatch(key, *node, "a \"text\"");
        return **node->as_string();
    }
};

Result<AxisValue> scalar(const Section& section, const std::string& key, const toml::node& node) {
    if (const auto* value = node.as_string()) return AxisValue(**value);
    if (const auto* value = node.as_integer()) return AxisValue(**value);
    if (const auto* value = node.as_boolean()) return AxisValue(**value);
    return section.mismatch(key, node, "an integer, true, false or a \"text\"");
}

// A checked value of a key; patterns in their canonical text.
Result<AxisValue> checked_scalar(const Section& section, const std::string& key, const toml::node& node) {
    AxisValue value = TRY(scalar(section, key, node));
    TRY(check_value(section.place(node), section.subject(key), key, value));
    if (key == "pattern") value = to_text(*parse_pattern(std::get<std::string>(value)));
    return value;
}

// The integers of { pow2 = [a, b] } or { range = [from, to, step] }.
Result<std::vector<std::int64_t>> generator_numbers(const Section& section, const std::string& key,
                                                    const toml::node& node, std::size_t count,
                                                    std::string_view expected) {
    std::vector<std::int64_t> numbers;
    const toml::array* array = node.as_array();
    if (array)
        for (const toml::node& element : *array)
            if (element.is_integer()) numbers.push_back(**element.as_integer());
    if (!array || array->size() != count || numbers.size() != count) return section.mismatch(key, node, expected);
    return numbers;
}

Result<SpecAxis> generated_axis(const Section& section, const std::string& key, const toml::table& table) {
    SpecAxis axis{{key}, section.place(table)};
    const Section inner{table, section.subject(key), section.file};
    constexpr std::array<std::string_view, 2> known = {"pow2", "range"};
    TRY(inner.only(known));
    if (table.size() != 1) return axis.place.error(fmt::format("{}; expected one of pow2 and range", inner.name));
    if (const toml::node* node = table.get("pow2")) {
        constexpr std::int64_t max_power = 62;
        const auto powers = TRY(generator_numbers(inner, "pow2", *node, 2, "[from, to], exponents of 2"));
        if (powers[0] < 0 || powers[1] > max_power || powers[0] > powers[1])
            return axis.place.error(fmt::format("{}.pow2 is [{}, {}]; expected 0 ≤ from ≤ to ≤ {}", inner.name,
                                                powers[0], powers[1], max_power));
        axis.generator = SpecAxis::Generator::pow2;
        axis.from = powers[0];
        axis.generated_count = powers[1] - powers[0] + 1;
    } else {
        const auto range = TRY(generator_numbers(inner, "range", *table.get("range"), 3, "[from, to, step]"));
        const std::int64_t from = range[0], to = range[1], step = range[2];
        std::int64_t span = 0;
        if (step < 1 || from > to || __builtin_sub_overflow(to, from, &span))
            return axis.place.error(
                fmt::format("{}.range is [{}, {}, {}]; expected from ≤ to and step ≥ 1", inner.name, from, to, step));
        axis.generator = SpecAxis::Generator::range;
        axis.from = from, axis.step = step;
        axis.generated_count = span / step + 1;
    }
    // The values rise, so the ends speak for all.
    TRY(check_value(axis.place, inner.name, key, axis.value(0, 0)));
    TRY(check_value(axis.place, inner.name, key, axis.value(axis.size() - 1, 0)));
    return axis;
}

Result<SpecAxis> read_axis(const Section& section, const std::string& key) {
    const toml::node& node = *section.table.get(key);
    TRY(check_value(section.place(node), section.subject(key), key, default_value(key)));
    if (const toml::table* table = node.as_table()) return generated_axis(section, key, *table);
    SpecAxis axis{{key}, section.place(node)};
    if (const toml::array* array = node.as_array()) {
        if (array->empty())
            return axis.place.error(fmt::format("{} is empty; expected at least one value", section.subject(key)));
        for (const toml::node& element : *array) {
            axis.rows.push_back({TRY(checked_scalar(section, key, element))});
            axis.row_lines.push_back(section.place(element).line);
        }
    } else {
        axis.rows.push_back({TRY(checked_scalar(section, key, node))});
        axis.row_lines.push_back(axis.place.line);
    }
    return axis;
}

Result<SpecAxis> read_zip(const Section& section) {
    constexpr std::array<std::string_view, 2> known = {"keys", "rows"};
    TRY(section.only(known));
    SpecAxis axis{{}, section.place()};
    const toml::array* keys = section.table["keys"].as_array();
    const toml::array* rows = section.table["rows"].as_array();
    if (!keys || keys->empty() || !rows || rows->empty())
        return axis.place.error("zip needs keys = [\"a\", \"b\"] and rows = [[…], […]]");
    for (const toml::node& node : *keys) {
        if (!node.is_string()) return section.mismatch("keys", node, "a \"key\"");
        const std::string key = **node.as_string();
        TRY(check_value(section.place(node), "zip." + key, key, default_value(key)));
        if (std::find(axis.keys.begin(), axis.keys.end(), key) != axis.keys.end())
            return section.place(node).error(fmt::format("zip.keys names {} twice", key));
        axis.keys.push_back(key);
    }
    for (const toml::node& node : *rows) {
        const toml::array* row = node.as_array();
        if (!row || row->size() != axis.keys.size())
            return section.mismatch("rows", node,
                                    fmt::format("a list of {} values, one for each key", axis.keys.size()));
        std::vector<AxisValue> values;
        for (std::size_t index = 0; index < axis.keys.size(); ++index)
            values.push_back(TRY(checked_scalar(section, axis.keys[index], *row->get(index))));
        axis.rows.push_back(std::move(values));
        axis.row_lines.push_back(section.place(node).line);
    }
    return axis;
}

// The tables of [[name]]; none when it is absent.
Result<std::vector<Section>> tables_of(const Section& top, const std::string& name) {
    std::vector<Section> tables;
    const toml::node* node = top.table.get(name);
    if (!node) return tables;
    const toml::array* array = node->as_array();
    if (!array) return top.mismatch(name, *node, fmt::format("[[{}]] tables", name));
    for (const toml::node& element : *array) {
        if (!element.is_table()) return top.mismatch(name, element, fmt::format("[[{}]] tables", name));
        tables.push_back({*element.as_table(), name, top.file});
    }
    return tables;
}

Result<void> read_excludes(const Section& top, Spec& spec) {
    constexpr std::array<std::string_view, 2> known = {"when", "reason"};
    for (const Section& section : TRY(tables_of(top, "exclude"))) {
        TRY(section.only(known));
        ExcludeRule rule;
        rule.text = TRY(section.text("when", ""));
        rule.reason = TRY(section.text("reason", ""));
        if (rule.text.empty()) return section.place().error("exclude needs when = \"condition\"");
        if (rule.reason.empty())
            return section.place().error("exclude needs reason = \"why\"; it is stored with each case");
        rule.place = section.place(*section.table.get("when"));
        auto condition = Condition::parse(rule.text);
        if (!condition)
            return rule.place.error(fmt::format("exclude.when \"{}\": {}", rule.text, condition.error().what));
        rule.when = std::move(*condition);
        spec.excludes.push_back(std::move(rule));
    }
    return {};
}

Result<void> read_measure(const Section& section, Measure& measure) {
    std::vector<std::string_view> known;
    Measure::visit(measure, [&](const Field& field, auto&) { known.push_back(field.name); });
    TRY(section.only(known));
    Result<void> result;
    Measure::visit(measure, [&](const Field& field, auto& member) {
        const toml::node* node = section.table.get(field.name);
        if (!node || !result) return;
        using Member = std::remove_cvref_t<decltype(member)>;
        const auto value = node->value_exact<Member>();
        const bool is_whole_seconds = std::is_same_v<Member, double> && node->is_integer();
        if (!value && !is_whole_seconds) {
            result = section.mismatch(field.name, *node, std::is_same_v<Member, bool> ? "true or false" : "a number");
            return;
        }
        member = value ? *value : Member(**node->as_integer());
        if constexpr (!std::is_same_v<Member, bool>)
            if (!(double(member) >= field.min && double(member) <= field.max))
                result = section.mismatch(field.name, *node, fmt::format("{} … {}", field.min, field.max));
    });
    TRY(result);
    if (measure.min_samples > measure.max_samples)
        return section.place().error(fmt::format("measure.min_samples is {}, more than max_samples {}",
                                                 measure.min_samples, measure.max_samples));
    if (!measure.hot && !measure.cold)
        return section.place().error("measure.hot and measure.cold are both false; nothing is measured");
    return {};
}

// The section of a name, or nothing; an error when it is no table.
Result<const toml::table*> table_of(const Section& top, std::string_view name) {
    const toml::node* node = top.table.get(name);
    if (!node) return static_cast<const toml::table*>(nullptr);
    if (!node->is_table()) return top.mismatch(name, *node, fmt::format("a table [{}]", name));
    return node->as_table();
}

// Top-level single values, [axes] and [[zip]], no key twice. A zipped key leaves its place in [axes] to the zip.
Result<void> read_axes(const Section& top, Spec& spec) {
    std::vector<SpecAxis> zips;
    for (const Section& section : TRY(tables_of(top, "zip"))) zips.push_back(TRY(read_zip(section)));
    const auto known = axis_keys();
    for (const std::string& key : top.keys())
        if (std::find(known.begin(), known.end(), key) != known.end()) spec.axes.push_back(TRY(read_axis(top, key)));
    const std::size_t top_count = spec.axes.size();
    if (const toml::table* axes = TRY(table_of(top, "axes"))) {
        const Section section{*axes, "axes", top.file};
        for (const std::string& key : section.keys()) {
            SpecAxis axis = TRY(read_axis(section, key));
            const auto zipped = std::find_if(zips.begin(), zips.end(), [&](const SpecAxis& zip) {
                return std::find(zip.keys.begin(), zip.keys.end(), key) != zip.keys.end();
            });
            if (zipped == zips.end())
                spec.axes.push_back(std::move(axis));
            else
                spec.notes.push_back(fmt::format("{}:{}: axes.{} is replaced by the [[zip]] of line {}", top.file,
                                                 axis.place.line, key, zipped->place.line));
        }
    }
    for (SpecAxis& zip : zips) spec.axes.push_back(std::move(zip));
    std::map<std::string, std::int64_t> lines;
    for (std::size_t index = 0; index < spec.axes.size(); ++index)
        for (const std::string& key : spec.axes[index].keys) {
            const auto [earlier, fresh] = lines.try_emplace(key, spec.axes[index].place.line);
            if (!fresh)
                return spec.axes[index].place.error(fmt::format("{} already has values in line {}{}", key,
                                                                earlier->second,
                                                                index < top_count ? "" : "; keep one of them"));
        }
    return {};
}

Result<void> read_inputs(const Section& top, Spec& spec) {
    spec.tensors = TRY(top.text("tensors", ""));
    const std::string generator = TRY(top.text("generator", "gaussian"));
    if (const toml::node* node = top.table.get("tensors")) spec.tensors_place = top.place(*node);
    if (const toml::node* node = top.table.get("generator")) {
        if (generator != "gaussian") return top.mismatch("generator", *node, "\"gaussian\"");
        if (!spec.tensors.empty())
            return top.place(*node).error("tensors and generator both stand here; keep one of them");
    }
    const std::string layout = TRY(top.text("layout", "bnhd"));
    const auto known = enum_from_name<Layout>(layout);
    if (!known) return top.mismatch("layout", *top.table.get("layout"), "\"bnhd\" or \"bhnd\"");
    spec.layout = *known;
    return {};
}

Result<Spec> spec_from(const toml::table& table, const std::filesystem::path& file) {
    const Section top{table, "", file.string()};
    std::vector<std::string_view> known = {"schema", "name", "tensors", "generator", "layout",
                                           "axes",   "zip",  "exclude", "measure",   "output"};
    for (std::string_view key : axis_keys()) known.push_back(key);
    TRY(top.only(known));
    if (const toml::node* schema = table.get("schema"))
        if (schema->value_exact<std::int64_t>() != 1)
            return top.mismatch("schema", *schema, "1, the only one there is");

    Spec spec;
    spec.name = TRY(top.text("name", file.stem().string()));
    TRY(read_inputs(top, spec));
    TRY(read_axes(top, spec));
    TRY(read_excludes(top, spec));
    if (const toml::table* measure = TRY(table_of(top, "measure")))
        TRY(read_measure({*measure, "measure", top.file}, spec.measure));
    if (const toml::table* output = TRY(table_of(top, "output"))) {
        const Section section{*output, "output", top.file};
        constexpr std::array<std::string_view, 2> output_keys = {"db", "baseline"};
        TRY(section.only(output_keys));
        spec.db = TRY(section.text("db", ""));
        spec.baseline = TRY(section.text("baseline", ""));
    }
    return spec;
}

} // namespace

Result<Spec> read_spec(std::string_view text, const std::filesystem::path& file) {
    toml::table table;
    try {
        table = toml::parse(text, file.string());
    } catch (const toml::parse_error& error) {
        const SpecPlace place{file.string(), std::int64_t(error.source().begin.line)};
        return place.error(std::string(error.description()));
    }
    return spec_from(table, file);
}

} // namespace dilascope
