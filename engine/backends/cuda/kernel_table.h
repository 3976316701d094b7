#pragma once
// KernelTable: all kernels of a program by name. To add kernels: one list where the table is made.
#include "engine/backends/cuda/kernel_entry.h"
#include <cassert>
#include <initializer_list>
#include <map>
#include <span>

namespace dilascope {

class KernelTable {
public:
    KernelTable(std::initializer_list<std::span<const KernelEntry>> lists) {
        for (const std::span<const KernelEntry> list : lists)
            for (const KernelEntry& entry : list) {
                [[maybe_unused]] const bool is_new = entries_.try_emplace(entry.name, entry).second;
                assert(is_new && "two kernels of one name");
            }
    }
    // Null when no kernel has that name.
    const KernelEntry* find(std::string_view name) const {
        const auto found = entries_.find(name);
        return found == entries_.end() ? nullptr : &found->second;
    }
    std::size_t size() const { return entries_.size(); }

private:
    std::map<std::string_view, KernelEntry> entries_;
};

} // namespace dilascope
