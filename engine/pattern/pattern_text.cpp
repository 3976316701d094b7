#include "engine/pattern/pattern_text.h"
#include "engine/nearest.h"
#include <charconv>
#include <fmt/format.h>
#include <functional>
#include <type_traits>

namespace dilascope {

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    std::size_t at = 0;
    while ((at = text.find_first_not_of(" \t\r\n", at)) != std::string_view::npos) {
        const std::size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end;
    }
    return words;
}

Result<void> parse_value(std::string_view key, std::string_view text, std::int64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size()) return {};
    return fail(fmt::format("{} has \"{}\"; expected a whole number below 2^63", key, text));
}

Result<void> parse_value(std::string_view key, std::string_view text, std::vector<std::int64_t>& values) {
    values.clear();
    for (std::string_view part : split(text, ',')) {
        std::int64_t value = 0;
        TRY(parse_value(key, part, value));
        values.push_back(value);
    }
    return {};
}

template <NamedEnum E> Result<void> parse_value(std::string_view key, std::string_view text, E& value) {
    if (const auto found = enum_from_name<E>(text)) return value = *found, Result<void>{};
    constexpr auto names = enum_names(E{});
    return fail(fmt::format("{} is \"{}\"{}", key, text, nearest_hint(text, names)));
}

std::string value_text(std::int64_t value) { return fmt::format("{}", value); }
std::string value_text(const std::vector<std::int64_t>& values) { return fmt::format("{}", fmt::join(values, ",")); }
template <NamedEnum E> std::string value_text(E value) { return std::string(enum_name(value)); }

// A preset of `dilated` fixes heads, phase and mix; its text leaves them out and refuses them.
constexpr std::string_view fixed_by_preset[] = {"heads", "phase", "mix"};
bool is_fixed(std::string_view key) { return std::ranges::find(fixed_by_preset, key) != std::end(fixed_by_preset); }

const Dilated* preset_dilated(const Preset& preset) {
    const Dilated* dilated = std::get_if<Dilated>(&preset.pattern.kind);
    return dilated && std::string_view(preset.name) != Dilated::kind_name ? dilated : nullptr;
}

template <class Kind>
Result<void> set_field(Kind& kind, bool is_preset, std::string_view name, std::string_view key,
                       std::string_view value) {
    Result<void> result = {};
    bool found = false;
    std::vector<std::string_view> known;
    Kind::visit(kind, [&](const Field& field, auto& member) {
        if (is_preset && is_fixed(field.name)) return;
        known.push_back(field.name);
        if (key != field.name) return;
        found = true;
        result = parse_value(key, value, member);
    });
    if (found) return result;
    if (is_preset && is_fixed(key))
        return fail(fmt::format("{} fixes {}; use \"dilated … {}={}\" to choose it", name, key, key, value));
    if (known.empty()) return fail(fmt::format("{} takes no keys, but has \"{}\"", name, key));
    return fail(fmt::format("unknown key \"{}\" of {}{}", key, name, nearest_hint(key, known)));
}

Result<Pattern> parse_words(const std::vector<std::string_view>& words) {
    if (words.empty())
        return fail("it is empty; write a kind such as \"dense\" or \"longnet segments=2048,4096 rates=1,2\"");
    std::vector<std::string_view> names;
    const Preset* chosen = nullptr;
    for (const Preset& preset : presets()) {
        names.push_back(preset.name);
        if (words[0] == preset.name) chosen = &preset;
    }
    if (!chosen) return fail(fmt::format("unknown kind \"{}\"{}", words[0], nearest_hint(words[0], names)));

    Pattern pattern = chosen->pattern;
    std::vector<std::string_view> seen;
    for (std::string_view word : std::span(words).subspan(1)) {
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos) return fail(fmt::format("\"{}\" is not of the form key=value", word));
        const std::string_view key = word.substr(0, equals), value = word.substr(equals + 1);
        if (std::ranges::find(seen, key) != seen.end()) return fail(fmt::format("{} is given twice", key));
        seen.push_back(key);
        TRY(std::visit(
            [&](auto& kind) { return set_field(kind, preset_dilated(*chosen) != nullptr, chosen->name, key, value); },
            pattern.kind));
    }
    return pattern;
}

Pattern dilated_preset(HeadMode heads, PhaseMode phase, MixMode mix) {
    Dilated dilated;
    dilated.heads = heads, dilated.phase = phase, dilated.mix = mix;
    return {dilated};
}

} // namespace

const std::vector<Preset>& presets() {
    static const std::vector<Preset> all = {
        {"dense", Dense::help, {Dense{}}},
        {"window", Window::help, {Window{}}},
        {"longnet", "LongNet as in the paper: every head in every branch, phase head mod rate, one softmax",
         dilated_preset(HeadMode::all, PhaseMode::head_mod, MixMode::softmax)},
        {"torchscale", "Microsoft's torchscale: blocks of heads share a phase, mixing weights without gradient",
         dilated_preset(HeadMode::all, PhaseMode::head_block, MixMode::softmax_stopgrad)},
        {"seed", "dilated-attention-pytorch forks: heads split over branches, outputs divided by the branch count",
         dilated_preset(HeadMode::partition, PhaseMode::group_mod, MixMode::mean)},
        {"fkodom",
         "fkodom's dilated-attention-pytorch: heads split over branches, outputs divided by their sum over the "
         "sequence",
         dilated_preset(HeadMode::partition, PhaseMode::group_mod, MixMode::fkodom)},
        {"dilated", Dilated::help, {Dilated{}}},
    };
    return all;
}

Result<Pattern> parse_pattern(std::string_view text) {
    Result<Pattern> pattern = parse_words(words_of(text));
    if (!pattern) return fail(fmt::format("pattern \"{}\": {}", text, pattern.error().what));
    return pattern;
}

std::string to_text(const Pattern& pattern) {
    std::string text = std::visit([](const auto& kind) { return std::string(kind.kind_name); }, pattern.kind);
    bool is_preset = false;
    if (const Dilated* dilated = std::get_if<Dilated>(&pattern.kind))
        for (const Preset& preset : presets()) {
            const Dilated* fixed = preset_dilated(preset);
            if (!fixed || fixed->heads != dilated->heads || fixed->phase != dilated->phase ||
                fixed->mix != dilated->mix)
                continue;
            text = preset.name, is_preset = true;
        }
    std::visit(
        [&](const auto& kind) {
            std::remove_cvref_t<decltype(kind)>::visit(kind, [&](const Field& field, const auto& member) {
                if (!(is_preset && is_fixed(field.name))) text += fmt::format(" {}={}", field.name, value_text(member));
            });
        },
        pattern.kind);
    return text;
}

} // namespace dilascope
