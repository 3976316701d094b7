// The header of a .npy: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, a literal of which we read this
// much.
#include "experiments/npy.h"
#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace dilascope {

namespace {

constexpr std::string_view mend = "write it with numpy.save()";

// A cursor over the literal; every step says whether what it wanted was there.
class Literal {
public:
    explicit Literal(std::string_view text) : text_(text) {}
    bool take(char wanted) {
        skip_space();
        if (text_.empty() || text_.front() != wanted) return false;
        text_.remove_prefix(1);
        return true;
    }
    std::optional<std::string_view> string() {
        skip_space();
        if (text_.empty() || (text_.front() != '\'' && text_.front() != '"')) return std::nullopt;
        const std::size_t end = text_.find(text_.front(), 1);
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view content = text_.substr(1, end - 1);
        text_.remove_prefix(end + 1);
        return content;
    }
    std::optional<bool> boolean() {
        skip_space();
        for (const bool value : {false, true}) {
            const std::string_view word = value ? "True" : "False";
            if (!text_.starts_with(word)) continue;
            text_.remove_prefix(word.size());
            return value;
        }
        return std::nullopt;
    }
    // "()", "(3,)", "(3, 4)"; Python 2 wrote "3L".
    std::optional<std::vector<std::int64_t>> tuple() {
        std::vector<std::int64_t> extents;
        if (!take('(')) return std::nullopt;
        while (!take(')')) {
            skip_space();
            std::int64_t extent = 0;
            const auto [end, status] = std::from_chars(text_.data(), text_.data() + text_.size(), extent);
            if (status != std::errc()) return std::nullopt;
            text_.remove_prefix(std::size_t(end - text_.data()));
            if (!text_.empty() && text_.front() == 'L') text_.remove_prefix(1);
            extents.push_back(extent);
            if (extents.size() > 32) return std::nullopt; // numpy's own limit
            if (!take(',') && !(skip_space(), text_.starts_with(')'))) return std::nullopt;
        }
        return extents;
    }
    bool at_end() {
        skip_space();
        return text_.empty();
    }

private:
    void skip_space() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\n\r"), text_.size())); }
    std::string_view text_;
};

struct Descr {
    std::string_view text;
    ElementType type;
};
constexpr std::array known_descrs = {
    Descr{"f2", ElementType::f16}, Descr{"f4", ElementType::f32}, Descr{"f8", ElementType::f64},
    Descr{"b1", ElementType::u8},  Descr{"i1", ElementType::i8},  Descr{"i2", ElementType::i16},
    Descr{"i4", ElementType::i32}, Descr{"i8", ElementType::i64}, Descr{"u1", ElementType::u8},
    Descr{"u2", ElementType::u16}, Descr{"u4", ElementType::u32}, Descr{"u8", ElementType::u64},
};

Result<ElementType> element_type(std::string_view descr, std::string_view subject) {
    const char order = descr.empty() ? '\0' : descr.front();
    const std::string_view kind =
        order == '<' || order == '=' || order == '|' || order == '>' ? descr.substr(1) : descr;
    if (kind.starts_with('O'))
        return fail(
            fmt::format("{}: is an object array, a pickled Python program that is not run; save an array of numbers, "
                        "as with array.astype('float32')",
                        subject));
    if (kind == "V2")
        return fail(
            fmt::format("{}: has the type \"{}\", as bfloat16 appears in .npy, which cannot name it; save it as "
                        ".safetensors or as float32",
                        subject, descr));
    for (const Descr& known : known_descrs) {
        if (known.text != kind) continue;
        if (order == '>')
            return fail(fmt::format("{}: is big-endian ({}); save it little-endian, as with array.astype('<{}')",
                                    subject, descr, kind));
        return known.type;
    }
    return fail(fmt::format("{}: has elements of type \"{}\"; expected float16, float32, float64 or integers", subject,
                            descr.substr(0, 32)));
}

} // namespace

Result<NpyHeader> parse_npy_header(std::string_view dict, std::string_view subject) {
    const auto malformed = [&](std::string_view what) {
        return fail(fmt::format("{}: the .npy header {}; {}", subject, what, mend));
    };
    Literal literal(dict);
    NpyHeader header;
    bool has_descr = false, has_order = false, has_shape = false;
    if (!literal.take('{')) return malformed("is not a dict");
    while (!literal.take('}')) {
        const auto key = literal.string();
        if (!key || !literal.take(':')) return malformed("is damaged");
        if (*key == "descr") {
            const auto descr = literal.string();
            if (!descr)
                return malformed("has a \"descr\" of several fields (a structured array); expected one number type");
            header.type = TRY(element_type(*descr, subject));
            if (std::exchange(has_descr, true)) return malformed("has \"descr\" twice");
        } else if (*key == "fortran_order") {
            const auto order = literal.boolean();
            if (!order) return malformed("has a \"fortran_order\" that is neither True nor False");
            header.fortran_order = *order;
            if (std::exchange(has_order, true)) return malformed("has \"fortran_order\" twice");
        } else if (*key == "shape") {
            auto shape = literal.tuple();
            if (!shape || !element_count(*shape))
                return malformed("has a \"shape\" that is not a tuple of sizes in range");
            header.shape = std::move(*shape);
            if (std::exchange(has_shape, true)) return malformed("has \"shape\" twice");
        } else {
            return malformed(
                fmt::format("has the key \"{}\"; expected descr, fortran_order and shape", key->substr(0, 32)));
        }
        if (literal.take(',')) continue;
        if (!literal.take('}')) return malformed("is damaged");
        break;
    }
    if (!has_descr || !has_order || !has_shape) return malformed("lacks descr, fortran_order or shape");
    if (!literal.at_end()) return malformed("goes on after its dict");
    return header;
}

} // namespace dilascope
