#include "engine/backends/cpu/copied_keys.h"
#include <algorithm>

namespace dilascope {

namespace {

// Calls visit(key) for the keys of each item, banded ones included. Most items repeat the runs of the one before, or
// make them longer: what these have in common is visited once.
template <class Visit> void for_each_key(const Plan& plan, const GradientSlice& slice, Visit visit) {
    const std::int32_t* tokens = permuted_tokens(plan);
    std::span<const KeyRun> before;
    std::int64_t shift_before = 0;
    for (const WorkItem& item : slice.items) {
        const std::span<const KeyRun> runs = runs_of(plan, item);
        const std::int64_t shift = key_shift_of(plan, item);
        for (std::size_t at = 0; at < runs.size(); ++at) {
            const KeyRun& run = runs[at];
            const bool goes_on = at < before.size() && shift == shift_before && run.first == before[at].first &&
                                 run.stride == before[at].stride;
            for (std::int32_t index = goes_on ? before[at].count : 0; index < run.count; ++index) {
                const std::int64_t key = run.key(index) + shift;
                visit(std::size_t(tokens ? tokens[key] : key));
            }
        }
        before = runs, shift_before = shift;
    }
}

} // namespace

Range CopiedKeys::within(Range range) const {
    const auto first_from = [&](std::int64_t key) { return std::ranges::lower_bound(keys, key) - keys.begin(); };
    return {first_from(range.begin), first_from(range.end)};
}

CopiedKeys copied_keys(const Plan& plan, std::span<const GradientSlice> slices) {
    CopiedKeys copied;
    if (std::ranges::all_of(slices, &GradientSlice::owns_keys)) return copied;
    constexpr std::int32_t none = -1, several = -2;
    std::vector<std::int32_t> reader(std::size_t(plan.problem.kv_len), none); // the slice that reads a key
    for (std::size_t slice = 0; slice < slices.size(); ++slice)
        for_each_key(plan, slices[slice], [&, here = std::int32_t(slice)](std::size_t key) {
            reader[key] = reader[key] == none || reader[key] == here ? here : several;
        });
    for (std::size_t key = 0; key < reader.size(); ++key) {
        const bool is_copied = reader[key] == several;
        reader[key] = is_copied ? std::int32_t(copied.keys.size()) : -1;
        if (is_copied) copied.keys.push_back(std::int64_t(key));
    }
    copied.number = std::move(reader);
    return copied;
}

} // namespace dilascope
