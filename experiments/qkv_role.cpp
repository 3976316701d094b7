#include "experiments/qkv_role.h"
#include "engine/visit.h"
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace dilascope {

namespace {

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& letter : lower)
        if (letter >= 'A' && letter <= 'Z') letter += 'a' - 'A';
    return lower;
}

// `name` ends in `word`, and a separator or nothing stands before it.
bool ends_in_word(std::string_view name, std::string_view word) {
    if (!name.ends_with(word)) return false;
    return name.size() == word.size() ||
           std::string_view("._-/ ").find(name[name.size() - word.size() - 1]) != std::string_view::npos;
}

std::string listed(const std::vector<std::string>& names) {
    constexpr std::size_t shown = 12;
    if (names.empty()) return "no tensors";
    std::string text = fmt::format(
        "{}", fmt::join(names.begin(), names.begin() + std::ptrdiff_t(std::min(shown, names.size())), ", "));
    if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
    return text;
}

} // namespace

std::optional<QkvRole> qkv_role(std::string_view full_name) {
    const std::string lower = lower_case(full_name);
    std::string_view name = lower;
    for (const std::string_view suffix : {"_proj", "_states", "_state", "_layer"})
        if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
    struct Word {
        std::string_view text;
        QkvRole role;
    };
    static constexpr std::array words = {
        Word{"q", QkvRole::q},
        Word{"query", QkvRole::q},
        Word{"queries", QkvRole::q},
        Word{"k", QkvRole::k},
        Word{"key", QkvRole::k},
        Word{"keys", QkvRole::k},
        Word{"v", QkvRole::v},
        Word{"value", QkvRole::v},
        Word{"values", QkvRole::v},
        Word{"dout", QkvRole::dout},
        Word{"do", QkvRole::dout},
        Word{"grad_out", QkvRole::dout},
        Word{"grad_output", QkvRole::dout},
    };
    for (const Word& word : words)
        if (ends_in_word(name, word.text)) return word.role;
    return std::nullopt;
}

Result<std::array<std::string, 4>> choose_roles(const std::vector<std::string>& names, std::string_view subject) {
    std::array<std::string, 4> chosen;
    for (std::size_t role = 0; role < chosen.size(); ++role) {
        const std::string_view role_name = enum_name(QkvRole(role));
        std::vector<std::string> candidates;
        for (const std::string& name : names)
            if (qkv_role(name) == QkvRole(role)) candidates.push_back(name);
        const auto exact = std::find(candidates.begin(), candidates.end(), role_name);
        if (exact != candidates.end()) {
            chosen[role] = *exact;
        } else if (candidates.size() == 1) {
            chosen[role] = candidates.front();
        } else if (candidates.size() > 1) {
            return fail(fmt::format("{}: {} tensors could be {} ({}); call the one that is meant \"{}\"", subject,
                                    candidates.size(), role_name, listed(candidates), role_name));
        } else if (QkvRole(role) != QkvRole::dout) {
            return fail(fmt::format("{}: has no tensor \"{}\", only {}; attention needs q, k and v", subject, role_name,
                                    listed(names)));
        }
    }
    return chosen;
}

} // namespace dilascope
