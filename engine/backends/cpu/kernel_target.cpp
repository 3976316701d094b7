#include "engine/backends/cpu/kernel_target.h"
#include "engine/backends/cpu/target_set.h" // must come before highway.h
#include "engine/nearest.h"
#include "hwy/highway.h"
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <string_view>

namespace dilascope {

namespace {

// The sets of this CPU and binary. Asking a virtual machine's CPU takes 25 µs, as long as a small call.
std::int64_t supported_targets() {
    static const std::int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
    return targets;
}

// Calls visit(bit) for each set, best first: lower bits are better.
template <class Visit> void for_each_target(Visit visit) {
    for (std::int64_t targets = supported_targets(); targets != 0; targets &= targets - 1) visit(targets & -targets);
}

} // namespace

bool has_pair_dot_instruction() {
#if defined(__x86_64__)
    return (supported_targets() & HWY_AVX3) && __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

std::vector<std::string> tile_kernel_targets() {
    std::vector<std::string> names;
    for_each_target([&](std::int64_t target) { names.push_back(hwy::TargetName(target)); });
    return names;
}

std::vector<std::string> pair_dot_targets() {
    std::vector<std::string> names;
    for_each_target([&](std::int64_t target) {
        const bool is_emulated = target > HWY_AVX3;
        if (is_emulated || has_pair_dot_instruction())
            names.push_back(hwy::TargetName(target) + std::string(pair_dot_suffix));
    });
    return names;
}

Result<KernelTarget> kernel_target() {
    const char* variable = std::getenv("DILASCOPE_CPU_TARGET");
    if (!variable || !*variable) return KernelTarget{supported_targets(), has_pair_dot_instruction()};
    const std::string_view forced = variable;
    std::vector<std::string> names = tile_kernel_targets();
    for (const std::string& name : pair_dot_targets()) names.push_back(name);
    if (std::ranges::find(names, forced) == names.end()) {
        const std::vector<std::string_view> views(names.begin(), names.end());
        return fail(fmt::format("DILASCOPE_CPU_TARGET is \"{}\", which this CPU or binary lacks{}", forced,
                                nearest_hint(forced, views)));
    }
    KernelTarget found;
    found.has_pair_dots = forced.ends_with(pair_dot_suffix);
    const std::string_view set = forced.substr(0, forced.size() - (found.has_pair_dots ? pair_dot_suffix.size() : 0));
    for_each_target([&](std::int64_t target) {
        if (set == hwy::TargetName(target)) found.sets = target;
    });
    return found;
}

std::size_t kernel_index(std::int64_t targets, std::size_t table_size) {
    hwy::ChosenTarget chosen;
    chosen.Update(targets);
    return table_size == 1 ? 0 : chosen.GetIndex();
}

} // namespace dilascope
