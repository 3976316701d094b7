#include "engine/pattern/dilated.h"
#include <fmt/format.h>

namespace dilascope {

// Heads of a branch when heads are split over branches: the first H mod G branches get one more (or fkodom's ranges).
static Range partition_range(const Dilated& dilated, std::int64_t heads, std::int64_t branch) {
    const std::int64_t branch_count = std::int64_t(dilated.segment_lengths.size());
    const std::int64_t share = heads / branch_count, extra = heads % branch_count;
    const std::int64_t size = share + (branch < extra);
    const std::int64_t begin =
        dilated.heads == HeadMode::partition_legacy ? branch * size : branch * share + std::min(branch, extra);
    return {begin, std::min(heads, begin + size)};
}

BranchView branch_view(const Dilated& dilated, const Problem& problem, std::int64_t head, int branch) {
    BranchView view;
    view.segment_length = std::min(dilated.segment_lengths[std::size_t(branch)], problem.kv_len);
    view.rate = dilated.dilation_rates[std::size_t(branch)];
    switch (dilated.phase) {
    case PhaseMode::head_mod: view.phase = head % view.rate; break;
    case PhaseMode::head_block: view.phase = head / ((problem.heads + view.rate - 1) / view.rate); break;
    case PhaseMode::group_mod: view.phase = branch % view.rate; break;
    case PhaseMode::zero: view.phase = 0; break;
    case PhaseMode::list: view.phase = dilated.offsets[std::size_t(head) % dilated.offsets.size()] % view.rate; break;
    }
    const bool in_branch =
        dilated.heads == HeadMode::all || partition_range(dilated, problem.heads, branch).contains(head);
    view.takes_part = in_branch && view.phase < std::min(view.rate, view.segment_length);
    return view;
}

static Result<void> validate_offsets(const Dilated& dilated, const Problem& problem) {
    const auto& offsets = dilated.offsets;
    if (dilated.phase != PhaseMode::list) {
        if (offsets.empty()) return {};
        return fail(fmt::format("dilated: offsets are given, but phase={} does not read them; use phase=list",
                                enum_name(dilated.phase)));
    }
    if (offsets.empty())
        return fail("dilated: phase=list without offsets; give one for each head, e.g. offsets=0,1,2,3");
    if (problem.heads % std::int64_t(offsets.size()) != 0)
        return fail(fmt::format("dilated: {} offsets for {} heads; give one for each head, or a list whose length "
                                "divides the heads",
                                offsets.size(), problem.heads));
    for (std::size_t index = 0; index < offsets.size(); ++index)
        if (offsets[index] < 0 || offsets[index] > std::int64_t{1} << 30)
            return fail(fmt::format("dilated: offsets[{}] is {}; expected 0 … 2^30", index, offsets[index]));
    return {};
}

Result<void> validate(const Dilated& dilated, const Problem& problem) {
    const auto& segments = dilated.segment_lengths;
    const auto& rates = dilated.dilation_rates;
    if (segments.empty())
        return fail("dilated: segments is empty; give one segment length for each branch, e.g. segments=2048,4096");
    if (segments.size() != rates.size())
        return fail(fmt::format("dilated: {} segments but {} rates; give one rate for each segment length",
                                segments.size(), rates.size()));
    if (segments.size() > std::size_t(max_branches))
        return fail(fmt::format("dilated: {} branches; at most {} are supported", segments.size(), max_branches));
    for (std::size_t branch = 0; branch < segments.size(); ++branch) {
        if (segments[branch] < 1 || segments[branch] > std::int64_t{1} << 40)
            return fail(fmt::format("dilated: segments[{}] is {}; expected 1 … 2^40 tokens", branch, segments[branch]));
        if (rates[branch] < 1 || rates[branch] > std::int64_t{1} << 30)
            return fail(fmt::format("dilated: rates[{}] is {}; expected 1 … 2^30", branch, rates[branch]));
        if (rates[branch] > segments[branch])
            return fail(
                fmt::format("dilated: rates[{}] is {}, larger than its segment length {}; use a rate of at most {}",
                            branch, rates[branch], segments[branch], segments[branch]));
    }
    if (dilated.heads != HeadMode::all && problem.heads < std::int64_t(segments.size()))
        return fail(fmt::format(
            "dilated: heads={} splits {} heads over {} branches; use at least as many heads as branches, or heads=all",
            enum_name(dilated.heads), problem.heads, segments.size()));
    return validate_offsets(dilated, problem);
}

BranchSet branches(const Dilated& dilated, const Problem& problem, std::int64_t head, std::int64_t position,
                   std::int64_t key) {
    BranchSet set = 0;
    for (int branch = 0; branch < branch_count(dilated); ++branch) {
        const BranchView view = branch_view(dilated, problem, head, branch);
        if (!view.takes_part || position / view.segment_length != key / view.segment_length) continue;
        const bool query_kept = position % view.segment_length % view.rate == view.phase;
        const bool key_kept = key % view.segment_length % view.rate == view.phase;
        if (query_kept && key_kept) set |= BranchSet{1} << branch;
    }
    return set;
}

int branch_count(const Dilated& dilated) { return int(dilated.segment_lengths.size()); }

int head_class(const Dilated& dilated, const Problem& problem, std::int64_t head) {
    const auto same = [&](std::int64_t other) {
        for (int branch = 0; branch < branch_count(dilated); ++branch) {
            const BranchView a = branch_view(dilated, problem, head, branch),
                             b = branch_view(dilated, problem, other, branch);
            if (a.takes_part != b.takes_part || (a.takes_part && a.phase != b.phase)) return false;
        }
        return true;
    };
    std::int64_t first = 0;
    while (first < head && !same(first)) ++first;
    return int(first);
}

} // namespace dilascope
