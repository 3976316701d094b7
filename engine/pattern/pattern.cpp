#include "engine/pattern/pattern.h"
#include <bit>
#include <fmt/format.h>

namespace dilascope {

Result<void> validate(const Pattern& pattern, const Problem& problem) {
    constexpr std::int64_t most_ordered = std::int64_t{1} << 27; // pictures and plans keep the permutation: 512 MiB
    TRY(validate(problem));
    if (!pattern.order.is_row()) {
        TRY(validate(pattern.order, problem.kv_len));
        if (problem.kv_len > most_ordered)
            return fail(fmt::format("order: {} tokens; at most 2^27 can be ordered along a curve", problem.kv_len));
    }
    return std::visit([&](const auto& kind) { return validate(kind, problem); }, pattern.kind);
}

BranchSet branches(const Pattern& pattern, const Problem& problem, std::int64_t head, std::int64_t q, std::int64_t k) {
    const std::int64_t position = query_position(problem, q);
    if (problem.causal && k > position) return 0;
    const auto place = [&](std::int64_t token) {
        return is_permuted(pattern) ? rank_of(pattern.order, problem.kv_len, token) : token;
    };
    return std::visit([&](const auto& kind) { return branches(kind, problem, head, place(position), place(k)); },
                      pattern.kind);
}

int multiplicity(const Pattern& pattern, BranchSet set) {
    return std::holds_alternative<Blocks>(pattern.kind) ? set != 0 : std::popcount(set);
}

int multiplicity(const Pattern& pattern, const Problem& problem, std::int64_t head, std::int64_t q, std::int64_t k) {
    return multiplicity(pattern, branches(pattern, problem, head, q, k));
}

int branch_count(const Pattern& pattern) {
    return std::visit([](const auto& kind) { return branch_count(kind); }, pattern.kind);
}

// Parts of one kind are told apart by their number: "local", "local 2".
static std::string union_label(const Blocks& blocks, int branch) {
    const std::string name = branch_name(blocks, branch);
    int number = 1;
    for (int before = 0; before < branch; ++before) number += branch_name(blocks, before) == name;
    return number == 1 ? name : fmt::format("{} {}", name, number);
}

std::string branch_label(const Pattern& pattern, int branch) {
    if (const Dilated* dilated = std::get_if<Dilated>(&pattern.kind))
        return fmt::format("{} / {}", dilated->segment_lengths.at(std::size_t(branch)),
                           dilated->dilation_rates.at(std::size_t(branch)));
    if (const Blocks* blocks = std::get_if<Blocks>(&pattern.kind)) return union_label(*blocks, branch);
    return std::holds_alternative<Window>(pattern.kind) ? Window::kind_name : Dense::kind_name;
}

int head_class(const Pattern& pattern, const Problem& problem, std::int64_t head) {
    return std::visit([&](const auto& kind) { return head_class(kind, problem, head); }, pattern.kind);
}

MixMode mix_mode(const Pattern& pattern) {
    const Dilated* dilated = std::get_if<Dilated>(&pattern.kind);
    return dilated ? dilated->mix : MixMode::softmax;
}

} // namespace dilascope
