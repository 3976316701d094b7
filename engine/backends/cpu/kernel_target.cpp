#include "engine/backends/cpu/kernel_target.h"
#include "engine/backends/cpu/target_set.h" // must come before highway.h
#include "engine/nearest.h"
#include "hwy/highway.h"
#include <cstdlib>
#include <fmt/format.h>
#include <string_view>

namespace dilascope {

namespace {

// Calls visit(bit) for each set, best first: lower bits are better.
template <class Visit> void for_each_target(Visit visit) {
    for (std::int64_t targets = hwy::SupportedTargets() & HWY_TARGETS; targets != 0; targets &= targets - 1)
        visit(targets & -targets);
}

} // namespace

std::vector<std::string> tile_kernel_targets() {
    std::vector<std::string> names;
    for_each_target([&](std::int64_t target) { names.push_back(hwy::TargetName(target)); });
    return names;
}

Result<std::int64_t> kernel_target() {
    const char* forced = std::getenv("DILASCOPE_CPU_TARGET");
    if (!forced || !*forced) return hwy::SupportedTargets();
    std::int64_t found = 0;
    for_each_target([&](std::int64_t target) {
        if (std::string_view(forced) == hwy::TargetName(target)) found = target;
    });
    if (found) return found;
    const std::vector<std::string> names = tile_kernel_targets();
    const std::vector<std::string_view> views(names.begin(), names.end());
    return fail(fmt::format("DILASCOPE_CPU_TARGET is \"{}\", which this CPU or binary lacks{}", forced,
                            nearest_hint(forced, views)));
}

std::size_t kernel_index(std::int64_t targets, std::size_t table_size) {
    hwy::ChosenTarget chosen;
    chosen.Update(targets);
    return table_size == 1 ? 0 : chosen.GetIndex();
}

} // namespace dilascope
