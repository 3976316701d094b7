#include "engine/pattern/pattern_text.h"
#include "engine/nearest.h"
#include "engine/pattern/field_text.h"
#include <fmt/format.h>
#include <type_traits>

namespace dilascope {

namespace {

using Words = std::span<const std::string_view>;

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

// Calls f with the struct whose visit() lists the keys of a kind: the kind itself, or the first part of a union.
template <class Kind, class F> decltype(auto) with_fields(Kind& kind, F f) {
    return std::visit(
        [&](auto& one) {
            if constexpr (std::is_same_v<std::remove_cvref_t<decltype(one)>, Blocks>)
                return std::visit([&](auto& part) { return f(part); }, one.parts.front());
            else
                return f(one);
        },
        kind);
}

bool is_fixed(const Preset& preset, std::string_view key) {
    return std::ranges::find(preset.fixed, key) != preset.fixed.end();
}

template <class Fields>
Result<void> set_field(Fields& fields, const Preset& preset, std::string_view key, std::string_view value) {
    Result<void> result = {};
    bool found = false;
    std::vector<std::string_view> known;
    Fields::visit(fields, [&](const Field& field, auto& member) {
        if (is_fixed(preset, field.name)) return;
        known.push_back(field.name);
        if (key != field.name) return;
        found = true;
        result = parse_value(key, value, member);
    });
    if (found) return result;
    if (is_fixed(preset, key))
        return fail(fmt::format("{} fixes {}; use \"{} … {}={}\" to choose it", preset.name, key, Fields::kind_name,
                                key, value));
    if (known.empty()) return fail(fmt::format("{} takes no keys, but has \"{}\"", preset.name, key));
    for (const char* order_key : {"order", "grid", "use"}) known.push_back(order_key);
    return fail(fmt::format("unknown key \"{}\" of {}{}", key, preset.name, nearest_hint(key, known)));
}

// True when the key is one of the order's, which is then set.
Result<bool> set_order(Order& order, std::string_view key, std::string_view value) {
    Result<void> result = {};
    bool found = false;
    Order::visit(order, [&](const Field& field, auto& member) {
        if (key == field.name) found = true, result = parse_value(key, value, member);
    });
    TRY(result);
    return found;
}

// One term of a union: a kind or preset and its keys. Keys of the order go to `order`.
Result<PatternKind> parse_term(Words words, Order& order, std::vector<std::string_view>& order_seen) {
    if (words.empty())
        return fail("it is empty; write a kind such as \"dense\" or \"longnet segments=2048,4096 rates=1,2\"");
    std::vector<std::string_view> names;
    const Preset* chosen = nullptr;
    for (const Preset& preset : presets()) {
        names.push_back(preset.name);
        if (words[0] == preset.name) chosen = &preset;
    }
    if (!chosen) return fail(fmt::format("unknown kind \"{}\"{}", words[0], nearest_hint(words[0], names)));

    PatternKind kind = chosen->pattern.kind;
    std::vector<std::string_view> seen;
    for (std::string_view word : words.subspan(1)) {
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos) return fail(fmt::format("\"{}\" is not of the form key=value", word));
        const std::string_view key = word.substr(0, equals), value = word.substr(equals + 1);
        const bool is_order = TRY(set_order(order, key, value));
        std::vector<std::string_view>& seen_so_far = is_order ? order_seen : seen;
        if (std::ranges::find(seen_so_far, key) != seen_so_far.end())
            return fail(fmt::format("{} is given twice", key));
        seen_so_far.push_back(key);
        if (!is_order) TRY(with_fields(kind, [&](auto& fields) { return set_field(fields, *chosen, key, value); }));
    }
    if (Blocks* blocks = std::get_if<Blocks>(&kind))
        if (Mask* mask = std::get_if<Mask>(&blocks->parts.front())) TRY(read_file(*mask));
    return kind;
}

Result<void> unite(PatternKind& kind, const PatternKind& added) {
    Blocks* all = std::get_if<Blocks>(&kind);
    const Blocks* more = std::get_if<Blocks>(&added);
    if (!all || !more)
        return fail(
            "\" + \" joins block patterns (local, global, strided, random, dilated_blocks, hierarchical, mask)");
    const std::int64_t block = block_of(all->parts.front()), other = block_of(more->parts.front());
    if (block != other)
        return fail(
            fmt::format("\" + \" joins patterns of one block size, but they have {} and {}; set block={} in both",
                        block, other, block));
    all->parts.insert(all->parts.end(), more->parts.begin(), more->parts.end());
    return {};
}

Result<Pattern> parse_words(Words words) {
    Pattern pattern;
    std::vector<std::string_view> order_seen;
    for (bool first = true;; first = false) {
        const auto plus = std::ranges::find(words, std::string_view("+"));
        const auto length = std::size_t(plus - words.begin());
        const PatternKind kind = TRY(parse_term(words.first(length), pattern.order, order_seen));
        if (first)
            pattern.kind = kind;
        else
            TRY(unite(pattern.kind, kind));
        if (plus == words.end()) break;
        words = words.subspan(length + 1);
    }
    if (pattern.order.is_row()) pattern.order = {};
    return pattern;
}

// "longnet segments=… rates=…" of a kind, or of one part of a union.
std::string term_text(const PatternKind& kind) {
    const Preset* best = nullptr;
    for (const Preset& preset : presets()) {
        const bool fits = with_fields(kind, [&](const auto& fields) {
            return with_fields(preset.pattern.kind, [&](const auto& fixed) {
                if constexpr (!std::is_same_v<decltype(fields), decltype(fixed)>) {
                    return false;
                } else {
                    std::vector<std::string> wanted;
                    fixed.visit(fixed, [&](const Field& field, const auto& member) {
                        if (is_fixed(preset, field.name)) wanted.push_back(value_text(member));
                    });
                    std::size_t index = 0;
                    bool equal = true;
                    fields.visit(fields, [&](const Field& field, const auto& member) {
                        if (is_fixed(preset, field.name)) equal &= value_text(member) == wanted[index++];
                    });
                    return equal;
                }
            });
        });
        if (fits && (!best || preset.fixed.size() > best->fixed.size())) best = &preset;
    }
    std::string text = best->name;
    with_fields(kind, [&](const auto& fields) {
        fields.visit(fields, [&](const Field& field, const auto& member) {
            if (is_fixed(*best, field.name)) return;
            const std::string value = value_text(member);
            if (!field.is_optional || !value.empty()) text += fmt::format(" {}={}", field.name, value);
        });
    });
    return text;
}

Preset dilated_preset(const char* name, const char* help, HeadMode heads, PhaseMode phase, MixMode mix) {
    Dilated dilated;
    dilated.heads = heads, dilated.phase = phase, dilated.mix = mix;
    return {name, help, {dilated}, {"heads", "phase", "offsets", "mix"}};
}

template <class Part> Preset block_preset(Part part = {}) { return {Part::kind_name, Part::help, {Blocks{{part}}}}; }

Preset legacy_preset() {
    HierarchicalDistributed part;
    part.local = 0.5, part.global = 0.2, part.legacy = true;
    return {"hierarchical_legacy",
            "The Python library's hierarchical generator with its defect: a local window in tokens is compared with "
            "blocks and cut to 0 cells",
            {Blocks{{part}}},
            {"legacy"}};
}

} // namespace

const std::vector<Preset>& presets() {
    static const std::vector<Preset> all = {
        {"dense", Dense::help, {Dense{}}},
        {"window", Window::help, {Window{}}},
        dilated_preset("longnet",
                       "LongNet as in the paper: every head in every branch, phase head mod rate, one softmax",
                       HeadMode::all, PhaseMode::head_mod, MixMode::softmax),
        dilated_preset("torchscale",
                       "Microsoft's torchscale: blocks of heads share a phase, mixing weights without gradient",
                       HeadMode::all, PhaseMode::head_block, MixMode::softmax_stopgrad),
        dilated_preset(
            "seed", "dilated-attention-pytorch forks: heads split over branches, outputs divided by the branch count",
            HeadMode::partition, PhaseMode::group_mod, MixMode::mean),
        dilated_preset(
            "fkodom",
            "fkodom's dilated-attention-pytorch: heads split over branches, outputs divided by their sum over "
            "the sequence",
            HeadMode::partition, PhaseMode::group_mod, MixMode::fkodom),
        {"dilated", Dilated::help, {Dilated{}}},
        block_preset<Local>(),
        block_preset<Global>(),
        block_preset<Strided>(),
        block_preset<RandomBlocks>(),
        block_preset<DilatedBlocks>(),
        block_preset<Hierarchical>(),
        block_preset<HierarchicalDistributed>(),
        legacy_preset(),
        block_preset<Mask>(),
    };
    return all;
}

Result<Pattern> parse_pattern(std::string_view text) {
    const std::vector<std::string_view> words = words_of(text);
    Result<Pattern> pattern = parse_words(words);
    if (!pattern) return fail(fmt::format("pattern \"{}\": {}", text, pattern.error().what));
    return pattern;
}

std::string to_text(const Pattern& pattern) {
    std::string text;
    if (const Blocks* blocks = std::get_if<Blocks>(&pattern.kind)) {
        for (const BlockPart& part : blocks->parts) text += (text.empty() ? "" : " + ") + term_text(Blocks{{part}});
    } else {
        text = term_text(pattern.kind);
    }
    if (pattern.order.is_row()) return text;
    Order::visit(pattern.order, [&](const Field& field, const auto& member) {
        const std::string value = value_text(member);
        if (value != "auto") text += fmt::format(" {}={}", field.name, value);
    });
    return text;
}

} // namespace dilascope
