#include "views/run_filter.h"
#include "views/run_table.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <sstream>

namespace dilascope {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), lower);
    return text;
}

// `word` is in lower case already.
bool contains_word(std::string_view text, std::string_view word) {
    return std::search(text.begin(), text.end(), word.begin(), word.end(),
                       [](char a, char b) { return lower(a) == b; }) != text.end();
}

bool parse_number(const std::string& text, double& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

double as_number(const RunValue& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return double(*integer);
    if (const auto* real = std::get_if<double>(&value)) return *real;
    if (const auto* flag = std::get_if<bool>(&value)) return *flag;
    return 0;
}

} // namespace

RunFilter::RunFilter(const std::string& text) {
    std::istringstream words(text);
    for (std::string word; words >> word;) add(word);
}

void RunFilter::add(std::string word) {
    Term term;
    if (word.size() > 1 && word[0] == '-') {
        term.is_negated = true;
        word.erase(0, 1);
    }
    const std::size_t at = word.find_first_of("=<>!");
    // "segments=2048" is text of a pattern as well as a comparison: only names of columns compare.
    const int column = at == std::string::npos || at == 0 ? -1 : run_column(lower_case(word.substr(0, at)));
    if (column < 0) {
        const bool compares = at != std::string::npos && at > 0 && word.find_first_of("<>!") == at;
        if (compares) {
            const std::string name[] = {word.substr(0, at)};
            error_ = "filter: " + columns_named(name).error().what;
            return;
        }
        term.text = lower_case(word);
        terms_.push_back(term);
        return;
    }
    const bool long_form = at + 1 < word.size() && word[at + 1] == '=';
    switch (word[at]) {
    case '=': term.compare = Compare::equal; break;
    case '!': term.compare = Compare::not_equal; break;
    case '<': term.compare = long_form ? Compare::less_equal : Compare::less; break;
    default: term.compare = long_form ? Compare::greater_equal : Compare::greater; break;
    }
    term.column = column;
    term.text = lower_case(word.substr(at + (long_form ? 2 : 1)));
    term.has_number = parse_number(term.text, term.number);
    if (run_columns()[std::size_t(column)].is_number && !term.has_number) {
        error_ = fmt::format("filter: \"{}\" needs a number after the sign", word);
        return;
    }
    terms_.push_back(term);
}

bool RunFilter::holds(const Term& term, const Run& run) const {
    if (term.column < 0) {
        bool found = false;
        visit_run_values(run, [&](int, const RunValue& value) {
            const auto* text = std::get_if<std::string_view>(&value);
            found = found || (text && contains_word(*text, term.text));
        });
        return found;
    }
    const RunValue value = run_value(run, term.column);
    if (const auto* flag = std::get_if<bool>(&value); flag && !term.has_number) {
        const bool same = *flag == (term.text == "true" || term.text == "yes");
        return same == (term.compare != Compare::not_equal);
    }
    if (const auto* text = std::get_if<std::string_view>(&value)) {
        switch (term.compare) {
        case Compare::contains:
        case Compare::equal: return contains_word(*text, term.text);
        case Compare::not_equal: return !contains_word(*text, term.text);
        case Compare::less: return *text < term.text;
        case Compare::less_equal: return *text <= term.text;
        case Compare::greater: return *text > term.text;
        case Compare::greater_equal: return *text >= term.text;
        }
    }
    const double number = as_number(value);
    switch (term.compare) {
    case Compare::contains:
    case Compare::equal: return number == term.number;
    case Compare::not_equal: return number != term.number;
    case Compare::less: return number < term.number;
    case Compare::less_equal: return number <= term.number;
    case Compare::greater: return number > term.number;
    case Compare::greater_equal: return number >= term.number;
    }
    return false;
}

bool RunFilter::accepts(const Run& run) const {
    return std::all_of(terms_.begin(), terms_.end(),
                       [&](const Term& term) { return holds(term, run) != term.is_negated; });
}

} // namespace dilascope
