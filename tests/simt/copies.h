#pragma once
// AsyncCopies: the asynchronous copies of one thread that have not landed, oldest first.
#include <cstddef>
#include <vector>

namespace dilascope::simt {

struct AsyncCopy {
    void* to = nullptr;
    const void* from = nullptr; // null: zeros
    int bytes = 0;
};

class AsyncCopies {
public:
    void clear() { copies_.clear(), group_ends_.clear(); }
    void add(const AsyncCopy& copy) { copies_.push_back(copy); }
    void commit() { group_ends_.push_back(copies_.size()); }
    // Calls land(copy) for all but the newest `groups_left` committed groups. Copies not committed stay.
    template <class Land> void wait(int groups_left, const Land& land) {
        if (group_ends_.size() <= std::size_t(groups_left)) return;
        const std::size_t groups = group_ends_.size() - std::size_t(groups_left), count = group_ends_[groups - 1];
        for (std::size_t index = 0; index < count; ++index) land(copies_[index]);
        copies_.erase(copies_.begin(), copies_.begin() + std::ptrdiff_t(count));
        group_ends_.erase(group_ends_.begin(), group_ends_.begin() + std::ptrdiff_t(groups));
        for (std::size_t& end : group_ends_) end -= count;
    }

private:
    std::vector<AsyncCopy> copies_;
    std::vector<std::size_t> group_ends_; // indices into copies_
};

} // namespace dilascope::simt
