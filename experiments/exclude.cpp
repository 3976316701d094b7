#include "experiments/exclude.h"
#include "engine/nearest.h"
#include "engine/pattern/pattern_text.h"
#include <algorithm>
#include <cctype>
#include <charconv>
#include <fmt/format.h>
#include <variant>
#include <vector>

namespace dilascope {
namespace {

const Case default_case;

using Value = std::variant<bool, double, std::string>; // the index is the type
constexpr std::array<std::string_view, 3> type_names = {"true or false", "a number", "text"};

// One side of a comparison: a literal, or a field of the case.
struct Operand {
    std::function<Value(const Case&)> value;
    std::size_t type = 0; // index into Value
    std::size_t column = 0;
    std::string field;   // its name, empty for a literal
    std::string literal; // of a text literal
};

Value field_value(const Case& config, std::string_view name) {
    Value found;
    Case::visit(config, [&](const Field& field, const auto& value) {
        if (field.name != name) return;
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::int64_t>)
            found = double(value);
        else
            found = value;
    });
    return found;
}

std::vector<std::string_view> field_names() {
    std::vector<std::string_view> names;
    Case::visit(default_case, [&](const Field& field, const auto&) { names.push_back(field.name); });
    return names;
}

template <class T> bool compare(const std::string& op, const T& left, const T& right) {
    if (op == "==") return left == right;
    if (op == "!=") return left != right;
    if (op == "<") return left < right;
    if (op == "<=") return left <= right;
    if (op == ">") return left > right;
    return left >= right;
}

using Question = std::function<bool(const Case&)>;

// Recursive descent: any_of ← all_of ("or" all_of)*, all_of ← one ("and" one)*, one ← "not" one | "(" any_of ")" |
// comparison.
struct Parser {
    std::string_view text;
    std::size_t at = 0;
    int depth = 0;

    tl::unexpected<Error> error(std::size_t column, std::string_view what) const {
        return fail(fmt::format("column {}: {}", column + 1, what));
    }
    void skip_space() {
        while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at]))) ++at;
    }
    // The text at the cursor, for errors.
    std::string here() const { return at >= text.size() ? "the end" : fmt::format("\"{}\"", text.substr(at, 12)); }
    std::string_view peek_word() {
        skip_space();
        std::size_t end = at;
        while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_')) ++end;
        return text.substr(at, end - at);
    }
    bool take_word(std::string_view word) {
        if (peek_word() != word) return false;
        at += word.size();
        return true;
    }
    bool take_symbol(std::string_view symbol) {
        skip_space();
        if (text.substr(at, symbol.size()) != symbol) return false;
        at += symbol.size();
        return true;
    }

    Result<Question> any_of() {
        Question left = TRY(all_of());
        while (take_word("or")) {
            Question right = TRY(all_of());
            left = [left, right](const Case& config) { return left(config) || right(config); };
        }
        return left;
    }
    Result<Question> all_of() {
        Question left = TRY(one());
        while (take_word("and")) {
            Question right = TRY(one());
            left = [left, right](const Case& config) { return left(config) && right(config); };
        }
        return left;
    }
    Result<Question> one() {
        constexpr int max_depth = 64;
        if (depth >= max_depth) return error(at, fmt::format("nested deeper than {}", max_depth));
        ++depth;
        Result<Question> question = nested();
        --depth;
        return question;
    }
    Result<Question> nested() {
        if (take_word("not")) {
            Question inner = TRY(one());
            return Question([inner](const Case& config) { return !inner(config); });
        }
        if (take_symbol("(")) {
            Question inner = TRY(any_of());
            if (!take_symbol(")")) return error(at, fmt::format("found {}; expected \")\"", here()));
            return inner;
        }
        return comparison();
    }

    Result<Question> comparison() {
        const Operand left = TRY(operand());
        skip_space();
        const std::size_t op_column = at;
        std::string op;
        for (const char* symbol : {"==", "!=", "<=", ">=", "<", ">"})
            if (op.empty() && take_symbol(symbol)) op = symbol;
        if (op.empty()) {
            if (left.type != Value(true).index())
                return error(at, fmt::format("found {}; expected a comparison such as == or >", here()));
            return Question([left](const Case& config) { return std::get<bool>(left.value(config)); });
        }
        const Operand right = TRY(operand());
        if (left.type != right.type)
            return error(op_column, fmt::format("compares {} with {}", type_names[left.type], type_names[right.type]));
        if (left.type == Value(true).index() && op != "==" && op != "!=")
            return error(op_column, fmt::format("{} cannot order true and false; use == or !=", op));
        const Operand a = TRY(as_stored(left, right)), b = TRY(as_stored(right, left));
        return Question([op, a, b](const Case& config) {
            return std::visit(
                [&](const auto& value) {
                    return compare(op, value, std::get<std::decay_t<decltype(value)>>(b.value(config)));
                },
                a.value(config));
        });
    }

    // Patterns compare in their canonical text, however the literal spells them.
    Result<Operand> as_stored(Operand operand, const Operand& other) const {
        if (other.field != "pattern" || !operand.field.empty()) return operand;
        const auto pattern = parse_pattern(operand.literal);
        if (!pattern) return error(operand.column, pattern.error().what);
        operand.value = [canonical = to_text(*pattern)](const Case&) { return Value(canonical); };
        return operand;
    }

    Operand literal(Value value, std::size_t column) const {
        Operand operand;
        operand.type = value.index(), operand.column = column;
        if (const auto* words = std::get_if<std::string>(&value)) operand.literal = *words;
        operand.value = [value](const Case&) { return value; };
        return operand;
    }

    Result<Operand> operand() {
        skip_space();
        const std::size_t column = at;
        if (at < text.size() && (text[at] == '"' || text[at] == '\'')) {
            const std::size_t end = text.find(text[at], at + 1);
            if (end == std::string_view::npos) return error(column, "this quote is not closed");
            at = end + 1;
            return literal(std::string(text.substr(column + 1, end - column - 1)), column);
        }
        if (at < text.size() && (std::isdigit(static_cast<unsigned char>(text[at])) || text[at] == '-'))
            return number();
        const std::string name(peek_word());
        if (name.empty())
            return error(column, fmt::format("found {}; expected a field, a number or a \"text\"", here()));
        at += name.size();
        if (name == "true" || name == "false") return literal(name == "true", column);
        const auto names = field_names();
        if (std::find(names.begin(), names.end(), name) == names.end())
            return error(column, fmt::format("\"{}\" is no field of a case{}", name, nearest_hint(name, names)));
        Operand operand;
        operand.field = name, operand.column = column;
        operand.type = field_value(default_case, name).index();
        operand.value = [name](const Case& config) { return field_value(config, name); };
        return operand;
    }

    Result<Operand> number() {
        const std::size_t column = at;
        double value = 0;
        const auto [end, failure] = std::from_chars(text.data() + at, text.data() + text.size(), value);
        if (failure != std::errc{}) return error(column, fmt::format("found {}; expected a number", here()));
        at = std::size_t(end - text.data());
        if (!peek_word().empty() && at == std::size_t(end - text.data()))
            return error(at, fmt::format("found {} right after a number", here()));
        return literal(value, column);
    }
};

} // namespace

Result<Condition> Condition::parse(std::string_view text) {
    constexpr std::size_t max_length = 4096;
    if (text.size() > max_length)
        return fail(fmt::format("has {} characters; expected at most {}", text.size(), max_length));
    Parser parser{text};
    Condition condition;
    condition.holds_ = TRY(parser.any_of());
    parser.skip_space();
    if (parser.at < text.size())
        return parser.error(parser.at, fmt::format("found {}; expected \"and\", \"or\" or the end", parser.here()));
    return condition;
}

} // namespace dilascope
