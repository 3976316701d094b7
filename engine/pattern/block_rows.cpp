#include "engine/pattern/block_rows.h"
#include <algorithm>
#include <list>
#include <mutex>

namespace dilascope {

namespace {

// What a kept matrix depends on.
struct Key {
    Blocks blocks;
    std::int64_t kv_len = 0, head = 0;
    int branch = -1;
    friend bool operator==(const Key&, const Key&) = default;
};

constexpr std::size_t largest_bytes = std::size_t{64} << 20; // of one matrix: 23 000 block rows
constexpr std::size_t kept_matrices = 2;                     // the shown head, and the one before it

std::mutex kept_mutex;
std::list<std::pair<Key, std::shared_ptr<const BitMatrix>>> kept; // newest first

std::shared_ptr<const BitMatrix> find(const Key& key) {
    const std::lock_guard lock(kept_mutex);
    for (const auto& [other, matrix] : kept)
        if (other == key) return matrix;
    return nullptr;
}

} // namespace

void BlockRows::prepare(const Blocks& blocks, const Problem& problem, std::int64_t head, int branch) {
    const BlockGrid grid = block_grid(blocks, problem);
    if (std::size_t(grid.count * grid.words()) * sizeof(std::uint64_t) > largest_bytes) return;
    const Key key{blocks, problem.kv_len, head, branch};
    if (find(key)) return;
    auto matrix = std::make_shared<BitMatrix>(grid.count, grid.count);
#pragma omp parallel for schedule(dynamic, 64) if (grid.count > 1024)
    for (std::int64_t row = 0; row < grid.count; ++row) block_row(blocks, problem, head, branch, row, matrix->row(row));
    const std::lock_guard lock(kept_mutex);
    kept.emplace_front(key, std::move(matrix));
    while (kept.size() > kept_matrices) kept.pop_back();
}

BlockRows::BlockRows(const Blocks& blocks, const Problem& problem, std::int64_t head, int branch)
    : blocks_(blocks), problem_(problem), head_(head), branch_(branch),
      matrix_(find({blocks, problem.kv_len, head, branch})) {}

std::span<const std::uint64_t> BlockRows::row(std::int64_t index) const {
    if (matrix_) return matrix_->row(index);
    if (drawn_[newest_].index != index) {
        newest_ = 1 - newest_;
        DrawnRow& drawn = drawn_[newest_];
        drawn.words.resize(std::size_t(block_grid(blocks_, problem_).words()));
        block_row(blocks_, problem_, head_, branch_, index, drawn.words);
        drawn.index = index;
    }
    return drawn_[newest_].words;
}

} // namespace dilascope
