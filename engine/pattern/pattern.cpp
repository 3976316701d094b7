#include "engine/pattern/pattern.h"
#include <bit>
#include <fmt/format.h>

namespace dilascope {

Result<void> validate(const Pattern& pattern, const Problem& problem) {
    TRY(validate(problem));
    return std::visit([&](const auto& kind) { return validate(kind, problem); }, pattern.kind);
}

BranchSet branches(const Pattern& pattern, const Problem& problem, std::int64_t head, std::int64_t q, std::int64_t k) {
    const std::int64_t position = query_position(problem, q);
    if (problem.causal && k > position) return 0;
    return std::visit([&](const auto& kind) { return branches(kind, problem, head, position, k); }, pattern.kind);
}

int multiplicity(const Pattern& pattern, const Problem& problem, std::int64_t head, std::int64_t q, std::int64_t k) {
    return std::popcount(branches(pattern, problem, head, q, k));
}

int branch_count(const Pattern& pattern) {
    return std::visit([](const auto& kind) { return branch_count(kind); }, pattern.kind);
}

std::string branch_label(const Pattern& pattern, int branch) {
    if (const Dilated* dilated = std::get_if<Dilated>(&pattern.kind))
        return fmt::format("{} / {}", dilated->segment_lengths.at(std::size_t(branch)),
                           dilated->dilation_rates.at(std::size_t(branch)));
    return std::visit([](const auto& kind) { return std::string(kind.kind_name); }, pattern.kind);
}

int head_class(const Pattern& pattern, const Problem& problem, std::int64_t head) {
    return std::visit([&](const auto& kind) { return head_class(kind, problem, head); }, pattern.kind);
}

MixMode mix_mode(const Pattern& pattern) {
    const Dilated* dilated = std::get_if<Dilated>(&pattern.kind);
    return dilated ? dilated->mix : MixMode::softmax;
}

} // namespace dilascope
