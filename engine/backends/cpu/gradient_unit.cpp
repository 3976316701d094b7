#include "engine/backends/cpu/gradient_unit.h"
#include "engine/backends/cpu/tile_group.h"
#include <algorithm>
#include <utility>

namespace dilascope {

namespace {

constexpr std::int64_t units_wanted = 16;   // enough for the cores of a desktop; more copies would cost memory
constexpr std::int64_t copied_keys_max = 4; // copies hold at most this many times the keys there are

Range keys_of(const Plan& plan, const WorkItem& item) {
    if (plan.order.is_permuted()) return {0, plan.problem.kv_len}; // runs are ranks
    Range keys{plan.problem.kv_len, 0};
    for (const KeyRun& run : runs_of(plan, item)) {
        keys.begin = std::min(keys.begin, run.first + key_shift_of(plan, item));
        keys.end = std::max(keys.end, run.key(run.count - 1) + key_shift_of(plan, item) + 1);
    }
    return keys;
}

// Rows × keys of an item before masking: what its time is in proportion to.
std::int64_t pairs_of(const Plan& plan, const WorkItem& item) {
    std::int64_t keys = 0;
    for (const KeyRun& run : runs_of(plan, item)) keys += run.count;
    return keys * plan.tiles[std::size_t(item.tile)].row_count;
}

// The items in `count` slices of about equal work.
std::vector<GradientUnit> sliced(const Plan& plan, std::span<const WorkItem> items, std::int64_t count) {
    std::vector<GradientUnit> units(static_cast<std::size_t>(count));
    std::int64_t total = 0, done = 0;
    for (const WorkItem& item : items) total += pairs_of(plan, item);
    for (const WorkItem& item : items) {
        const std::int64_t pairs = pairs_of(plan, item);
        const double middle = double(done) + double(pairs) / 2;
        const auto slice =
            std::min(count - 1, std::int64_t(middle / double(std::max<std::int64_t>(total, 1)) * double(count)));
        GradientUnit& unit = units[std::size_t(slice)];
        const Range keys = keys_of(plan, item);
        unit.keys =
            unit.items.empty() ? keys : Range{std::min(unit.keys.begin, keys.begin), std::max(unit.keys.end, keys.end)};
        unit.items.push_back(item);
        done += pairs;
    }
    std::erase_if(units, [](const GradientUnit& unit) { return unit.items.empty(); });
    return units;
}

std::vector<GradientUnit> sliced(const Plan& plan, std::span<const WorkItem> items) {
    const std::int64_t lanes = plan.problem.batch * plan.problem.kv_heads;
    for (std::int64_t count = (units_wanted + lanes - 1) / lanes;; count /= 2) {
        std::vector<GradientUnit> units = sliced(plan, items, std::max<std::int64_t>(count, 1));
        std::int64_t copied = 0;
        for (const GradientUnit& unit : units) copied += unit.keys.size();
        if (units.size() <= 1 || copied <= copied_keys_max * plan.problem.kv_len) return units;
    }
}

} // namespace

Result<GradientUnits> gradient_units(const Plan& plan, int pass) {
    const Problem& problem = plan.problem;
    std::vector<std::vector<WorkItem>> of_kv_head(static_cast<std::size_t>(problem.kv_heads));
    for (const WorkItem& item : work_items(plan, pass))
        of_kv_head[std::size_t(kv_head(problem, item.head))].push_back(item);
    GradientUnits units;
    std::int64_t copied_keys = 0;
    for (std::int64_t batch = 0; batch < problem.batch; ++batch)
        for (std::int64_t head = 0; head < problem.kv_heads; ++head) {
            std::vector<GradientUnit> slices = sliced(plan, of_kv_head[std::size_t(head)]);
            for (GradientUnit& slice : slices) {
                slice.batch = batch, slice.kv_head = head;
                slice.is_copied = slices.size() > 1;
                if (slice.is_copied) copied_keys += slice.keys.size();
                units.all.push_back(std::move(slice));
            }
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
                for (std::int64_t d = 0; d < problem.head_dim; ++d) {
                    dk[to + d] += unit.dk[from + d];
                    dv[to + d] += unit.dv[from + d];
                }
            }
        }
    }
}

} // namespace dilascope
