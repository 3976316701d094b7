#include "engine/backends/cpu/gradient_unit.h"
#include <algorithm>
#include <utility>

namespace dilascope {

namespace {

// Of each key head, from slices that are in order of them.
std::vector<CopiedKeys> copied_keys_of_heads(const Plan& plan, std::span<const GradientSlice> slices) {
    std::vector<CopiedKeys> copied;
    for (std::int64_t head = 0; head < plan.problem.kv_heads; ++head) {
        const auto of_head = std::ranges::equal_range(slices, head, {}, &GradientSlice::kv_head);
        copied.push_back(copied_keys(plan, {of_head.begin(), of_head.end()}));
    }
    return copied;
}

} // namespace

Result<GradientUnits> gradient_units(const Plan& plan, int pass) {
    const Problem& problem = plan.problem;
    const std::vector<GradientSlice> slices = gradient_slices(plan, pass);
    GradientUnits units;
    units.copied = copied_keys_of_heads(plan, slices);
    std::int64_t copies = 0;
    for (std::int64_t batch = 0; batch < problem.batch; ++batch)
        for (const GradientSlice& slice : slices) {
            const CopiedKeys& of_head = units.copied[std::size_t(slice.kv_head)];
            units.all.push_back({batch, slice.kv_head, slice.items, of_head.number, of_head.within(slice.keys)});
            copies += units.all.back().copied.size();
        }
    units.copies = TRY(Buffer<float>::allocate(2 * copies * problem.head_dim, "cpu/key_gradients"));
    float* next = units.copies.data();
    for (GradientUnit& unit : units.all) {
        const std::int64_t floats = unit.copied.size() * problem.head_dim;
        unit.dk_copies = std::exchange(next, next + floats), unit.dv_copies = std::exchange(next, next + floats);
    }
    return units;
}

void add_copies(const Problem& problem, const GradientUnits& units, float* dk, float* dv) {
    constexpr std::int64_t block = 64; // copied keys a thread adds at a time
    const auto add_block = [&](std::int64_t batch, std::int64_t head, Range numbers) {
        for (const GradientUnit& unit : units.all) {
            if (unit.batch != batch || unit.kv_head != head) continue;
            const Range here = intersect(numbers, unit.copied);
            for (std::int64_t number = here.begin; number < here.end; ++number) {
                const std::int64_t key = units.copied[std::size_t(head)].keys[std::size_t(number)];
                const std::int64_t to = key_offset(problem, batch, key, head);
                const std::int64_t from = (number - unit.copied.begin) * problem.head_dim;
#pragma omp simd
                for (std::int64_t d = 0; d < problem.head_dim; ++d) {
                    dk[to + d] += unit.dk_copies[from + d];
                    dv[to + d] += unit.dv_copies[from + d];
                }
            }
        }
    };
    for (std::int64_t batch = 0; batch < problem.batch; ++batch)
        for (std::int64_t head = 0; head < problem.kv_heads; ++head) {
            const auto count = std::int64_t(units.copied[std::size_t(head)].keys.size());
#pragma omp parallel for schedule(dynamic, 4) if (count > 0)
            for (std::int64_t begin = 0; begin < count; begin += block)
                add_block(batch, head, {begin, std::min(begin + block, count)});
        }
}

} // namespace dilascope
