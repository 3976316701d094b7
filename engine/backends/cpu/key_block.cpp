#include "engine/backends/cpu/key_block.h"
#include <algorithm>
#include <numeric>

namespace dilascope {

namespace {

// Sorts by visible rows, so that the rows of a micro-tile need one short range of the block even when several runs
// straddle their edges in it. The order of keys does not matter to a softmax.
void sort_by_rows(KeyBlock& block) {
    std::array<std::int32_t, max_block_keys> order;
    std::iota(order.begin(), order.begin() + block.count, 0);
    std::stable_sort(order.begin(), order.begin() + block.count, [&](std::int32_t a, std::int32_t b) {
        return block.row_begin[std::size_t(a)] + block.row_end[std::size_t(a)] <
               block.row_begin[std::size_t(b)] + block.row_end[std::size_t(b)];
    });
    const KeyBlock unsorted = block;
    for (std::size_t index = 0; index < std::size_t(block.count); ++index) {
        const auto from = std::size_t(order[index]);
        block.places[index] = unsorted.places[from];
        block.row_begin[index] = unsorted.row_begin[from];
        block.row_end[index] = unsorted.row_end[from];
    }
}

} // namespace

// The first key from which on rows of an ascending list are `row` or more.
static int first_from(std::span<const std::int32_t> rows, int row) {
    return int(std::lower_bound(rows.begin(), rows.end(), row) - rows.begin());
}

KeySpan KeyBlock::visible(int row, int row_count) const {
    KeySpan keys{0, count};
    if (!is_banded) return keys;
    if (is_ordered) {
        const int begin = first_from(std::span(row_end).first(std::size_t(count)), row + 1);
        const int end = first_from(std::span(row_begin).first(std::size_t(count)), row + row_count);
        return {begin, std::max(begin, end)};
    }
    const auto is_seen = [&](int key) {
        return row_begin[std::size_t(key)] < row + row_count && row < row_end[std::size_t(key)];
    };
    while (keys.begin < keys.end && !is_seen(keys.begin)) ++keys.begin;
    while (keys.begin < keys.end && !is_seen(keys.end - 1)) --keys.end;
    return keys;
}

KeySpan KeyBlock::seen_by_all(KeySpan visible, int row, int row_count) const {
    if (!is_banded) return visible;
    if (!is_ordered) return {visible.begin, visible.begin};
    const int begin = first_from(std::span(row_end).first(std::size_t(count)), row + row_count);
    const int end = first_from(std::span(row_begin).first(std::size_t(count)), row + 1);
    const int first = std::min(begin, visible.end);
    return {first, std::clamp(end, first, visible.end)};
}

// Whether a block that ends with a run should end there.
bool KeyFeed::is_whole(const KeyBlock& block, int runs_taken, int most) const {
    constexpr int fewest_keys = 32; // of a block; its cost beside that of its keys
    if (block.count < fewest_keys) return false;
    if (runs_taken == 1) return true;
    if (run_index_ == runs_.size()) return false;
    const std::int32_t next = runs_[run_index_].count;
    return next >= fewest_keys && next <= most && next > most - block.count;
}

bool KeyFeed::fill(KeyBlock& block, int most, bool keeps_runs_whole) {
    block.count = 0;
    block.is_banded = banded_phase_;
    int runs_taken = 0;
    while (block.count < most) {
        if (run_index_ == runs_.size()) {
            if (banded_phase_) break;
            banded_phase_ = true;
            run_index_ = 0;
            if (block.count > 0) break;
            block.is_banded = true;
            continue;
        }
        const KeyRun& run = runs_[run_index_];
        const int count_before = block.count;
        if (is_masked(run) != banded_phase_)
            key_index_ = run.count;
        else if (places_.is_causal)
            take_causal(run, block, most);
        else if (banded_phase_)
            take_banded(run, block, most);
        else
            take_full(run, block, most);
        runs_taken += block.count > count_before;
        if (key_index_ != run.count) continue;
        ++run_index_, key_index_ = row_begin_ = row_end_ = 0;
        if (keeps_runs_whole && is_whole(block, runs_taken, most)) break;
    }
    if (block.is_banded && runs_taken > 1) sort_by_rows(block);
    block.is_ordered = block.is_banded &&
                       std::is_sorted(block.row_begin.begin(), block.row_begin.begin() + block.count) &&
                       std::is_sorted(block.row_end.begin(), block.row_end.begin() + block.count);
    return block.count > 0;
}

void KeyFeed::take_full(const KeyRun& run, KeyBlock& block, int most) {
    const std::int32_t take = std::min(most - block.count, run.count - key_index_);
    std::int64_t key = run.key(key_index_) + key_shift_;
    for (std::int32_t index = 0; index < take; ++index, key += run.stride)
        block.places[std::size_t(block.count + index)] = places_.place(places_.token(key));
    block.count += take;
    key_index_ += take;
}

// Keys of a permuted plan come in any order: each is seen by the rows from its token on.
void KeyFeed::take_causal(const KeyRun& run, KeyBlock& block, int most) {
    for (; key_index_ < run.count && block.count < most; ++key_index_) {
        const std::int64_t token = places_.token(run.key(key_index_) + key_shift_);
        const auto first = std::lower_bound(rows_.begin(), rows_.end(), token);
        if (first == rows_.end()) continue;
        const auto slot = std::size_t(block.count++);
        block.places[slot] = places_.place(token);
        block.row_begin[slot] = std::int32_t(first - rows_.begin());
        block.row_end[slot] = std::int32_t(rows_.size());
    }
}

void KeyFeed::take_banded(const KeyRun& run, KeyBlock& block, int most) {
    const auto row_count = std::int32_t(rows_.size());
    for (; key_index_ < run.count && block.count < most; ++key_index_) {
        const std::int64_t key = run.key(key_index_) + key_shift_;
        // Row p sees the key when lo ≤ key − p ≤ hi.
        while (row_begin_ < row_count && rows_[std::size_t(row_begin_)] < key - run.band.hi) ++row_begin_;
        while (row_end_ < row_count && rows_[std::size_t(row_end_)] <= key - run.band.lo) ++row_end_;
        if (row_begin_ >= row_end_) continue;
        const auto slot = std::size_t(block.count++);
        block.places[slot] = places_.place(key);
        block.row_begin[slot] = row_begin_;
        block.row_end[slot] = row_end_;
    }
}

} // namespace dilascope
