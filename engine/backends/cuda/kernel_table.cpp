#include "engine/backends/cuda/kernel_table.h"
#include <map>
#include <span>
#include <vector>

namespace dilascope {

namespace {

std::vector<std::span<const KernelEntry>> kernel_lists() {
    return {
#ifdef DILASCOPE_HAS_CUDA
// one line for each .cu file
#endif
    };
}

} // namespace

const KernelEntry* find_kernel(std::string_view name) {
    static const std::map<std::string_view, const KernelEntry*> table = [] {
        std::map<std::string_view, const KernelEntry*> by_name;
        for (std::span<const KernelEntry> list : kernel_lists())
            for (const KernelEntry& entry : list) by_name.emplace(entry.name, &entry);
        return by_name;
    }();
    const auto found = table.find(name);
    return found == table.end() ? nullptr : found->second;
}

} // namespace dilascope
