#include "engine/backends/cpu/gradient_unit.h"
#include "engine/plan/gradient_slice.h"
#include <algorithm>
#include <utility>

namespace dilascope {

Result<GradientUnits> gradient_units(const Plan& plan, int pass) {
    const Problem& problem = plan.problem;
    const std::vector<GradientSlice> slices = gradient_slices(plan, pass);
    GradientUnits units;
    std::int64_t copied_keys = 0;
    for (std::int64_t batch = 0; batch < problem.batch; ++batch)
        for (const GradientSlice& slice : slices) {
            units.all.push_back({batch, slice.kv_head, slice.items, slice.keys, !slice.owns_keys});
            if (!slice.owns_keys) copied_keys += slice.keys.size();
        }
    units.copies = TRY(Buffer<float>::allocate(2 * copied_keys * problem.head_dim, "cpu/key_gradients"));
    float* next = units.copies.data();
    for (GradientUnit& unit : units.all) {
        if (!unit.is_copied) continue;
        const std::int64_t floats = unit.keys.size() * problem.head_dim;
        unit.dk = std::exchange(next, next + floats), unit.dv = std::exchange(next, next + floats);
    }
    return units;
}

void add_copies(const Problem& problem, std::span<const GradientUnit> units, float* dk, float* dv) {
    constexpr std::int64_t block = 256; // keys a thread adds at a time
    const std::int64_t lanes = problem.batch * problem.kv_heads, blocks = (problem.kv_len + block - 1) / block;
#pragma omp parallel for schedule(dynamic, 4)
    for (std::int64_t index = 0; index < lanes * blocks; ++index) {
        const std::int64_t lane = index / blocks;
        const Range keys{index % blocks * block, std::min((index % blocks + 1) * block, problem.kv_len)};
        for (const GradientUnit& unit : units) {
            if (!unit.is_copied || unit.batch * problem.kv_heads + unit.kv_head != lane) continue;
            const Range shared = intersect(keys, unit.keys);
            for (std::int64_t key = shared.begin; key < shared.end; ++key) {
                const std::int64_t to = key_offset(problem, unit.batch, key, unit.kv_head);
                const std::int64_t from = (key - unit.keys.begin) * problem.head_dim;
#pragma omp simd
                for (std::int64_t d = 0; d < problem.head_dim; ++d) {
                    dk[to + d] += unit.dk[from + d];
                    dv[to + d] += unit.dv[from + d];
                }
            }
        }
    }
}

} // namespace dilascope
