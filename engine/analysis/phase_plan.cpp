#include "engine/analysis/phase_plan.h"
#include "engine/pattern/common_multiple.h"
#include <algorithm>

namespace dilascope {
namespace {

constexpr std::int64_t most_offsets = 64; // candidates a head; beyond, coverages cost more than they tell

// Coverage of heads that stand at any offsets: a head_mod pattern of as many heads as there are offsets, of which a
// choice is looked at.
class Offsets {
public:
    static Result<Offsets> make(Dilated dilated, Problem problem, const CancelFlag* cancel) {
        std::int64_t period = 1; // offsets this far apart are the same in every branch
        for (std::int64_t rate : dilated.dilation_rates) period = common_multiple(period, rate, most_offsets);
        Offsets offsets;
        offsets.count = std::max(period, std::int64_t{1});
        offsets.cancel_ = cancel;
        dilated.phase = PhaseMode::head_mod, dilated.offsets.clear();
        problem.heads = problem.kv_heads = offsets.count;
        offsets.plan_ = TRY(make_plan(Pattern{dilated}, problem));
        return offsets;
    }
    Result<std::int64_t> covered(std::vector<std::int64_t> chosen) const {
        std::ranges::sort(chosen);
        chosen.erase(std::ranges::unique(chosen).begin(), chosen.end());
        return covered_pairs(plan_, chosen, cancel_);
    }
    Result<std::int64_t> covered_by_all() const {
        std::vector<std::int64_t> all(static_cast<std::size_t>(count));
        std::iota(all.begin(), all.end(), 0);
        return covered(all);
    }
    std::int64_t count = 1;

private:
    Plan plan_;
    const CancelFlag* cancel_ = nullptr;
};

// Sets chosen[head] to the offset that covers most with the other heads as they are; true when that covers more than
// `covered`, which it updates.
Result<bool> improve_head(const Offsets& offsets, std::vector<std::int64_t>& chosen, std::size_t head,
                          std::int64_t& covered) {
    std::int64_t best = chosen[head];
    bool improved = false;
    for (std::int64_t offset = 0; offset < offsets.count; ++offset) {
        if (std::ranges::find(chosen, offset) != chosen.end()) continue; // read already
        std::vector<std::int64_t> tried = chosen;
        tried[head] = offset;
        if (const std::int64_t now = TRY(offsets.covered(tried)); now > covered)
            covered = now, best = offset, improved = true;
    }
    chosen[head] = best;
    return improved;
}

Result<void> search_offsets(const Offsets& offsets, std::int64_t heads, PhasePlan& result) {
    std::vector<std::int64_t> chosen{0};
    std::int64_t covered = TRY(offsets.covered(chosen));
    while (std::int64_t(chosen.size()) < heads && covered < result.covered_all) {
        chosen.push_back(chosen.back());
        TRY(improve_head(offsets, chosen, chosen.size() - 1, covered));
    }
    for (bool improved = true; improved && covered < result.covered_all;) {
        improved = false;
        for (std::size_t head = 0; head < chosen.size(); ++head)
            improved |= TRY(improve_head(offsets, chosen, head, covered));
    }
    if (covered <= result.covered_best) return {};
    chosen.resize(std::size_t(heads), chosen.back());
    result.covered_best = covered;
    result.offsets = std::move(chosen);
    result.mode.reset();
    return {};
}

} // namespace

Result<PhasePlan> plan_phases(const Dilated& dilated, const Problem& problem, const CancelFlag* cancel) {
    std::vector<std::int64_t> heads(static_cast<std::size_t>(problem.heads));
    std::iota(heads.begin(), heads.end(), 0);
    Dilated joint = dilated; // the mix does not change which pairs are read
    joint.mix = MixMode::softmax;
    PhasePlan result;
    result.allowed = allowed_pairs(problem);
    const Plan now = TRY(make_plan(Pattern{joint}, problem));
    result.covered_best = result.covered_now = TRY(covered_pairs(now, heads, cancel));
    joint.offsets.clear();
    for (PhaseMode mode : {PhaseMode::head_mod, PhaseMode::head_block, PhaseMode::group_mod, PhaseMode::zero}) {
        if (mode == dilated.phase) continue;
        joint.phase = mode;
        const Plan plan = TRY(make_plan(Pattern{joint}, problem));
        if (const std::int64_t covered = TRY(covered_pairs(plan, heads, cancel)); covered > result.covered_best)
            result.covered_best = covered, result.mode = mode;
    }
    if (dilated.heads != HeadMode::all) return result;
    const Offsets offsets = TRY(Offsets::make(joint, problem, cancel));
    result.covered_all = TRY(offsets.covered_by_all());
    if (result.covered_best < result.covered_all) TRY(search_offsets(offsets, problem.heads, result));
    return result;
}

} // namespace dilascope
