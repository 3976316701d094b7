#pragma once
// KeyBlock: up to 192 keys gathered from the runs of a tile, and which of the tile's rows see each of them.
// Short runs share a block, so a pattern of small segments still feeds the kernel full blocks.
#include "engine/plan/tiles.h"
#include <array>
#include <span>

namespace dilascope {

// Half-open range of keys of a block.
struct KeySpan {
    int begin = 0, end = 0;
    int count() const { return end - begin; }
};

struct KeyBlock {
    int count = 0;
    bool is_banded = false; // false: every row of the tile sees every key, the row ranges below are not set
    std::array<std::int64_t, max_block_keys> places; // row of k and v that holds each key
    // A band on ascending rows always leaves one contiguous range of row indices, never empty here.
    std::array<std::int32_t, max_block_keys> row_begin, row_end;
    bool is_ordered = false; // banded, and both of these ascend from key to key

    // Keys from the first to the last that one of the tile's rows [row, row + row_count) sees.
    KeySpan visible(int row, int row_count) const;
    // Those of `visible` that each of these rows sees for certain, so that they need no mask: one span of an ordered
    // block, none of another.
    KeySpan seen_by_all(KeySpan visible, int row, int row_count) const;
};

// A block and which of the tiles worked on together it is for.
struct BlockOfTiles {
    KeyBlock block;
    std::size_t begin = 0, end = 0;
};

// Where the keys of a plan with an order lie. Null tables are identities.
struct KeyPlaces {
    const std::int32_t* token_of_rank = nullptr;  // of a permuted plan, whose keys are ranks
    const std::int32_t* place_of_token = nullptr; // of keys stored along a curve
    bool is_causal = false;                       // compare tokens: a permuted plan's bands do not
    std::int64_t token(std::int64_t key) const { return token_of_rank ? token_of_rank[key] : key; }
    std::int64_t place(std::int64_t token) const { return place_of_token ? place_of_token[token] : token; }
};

// Hands out the keys of a tile in blocks: first the keys that all rows see, then the banded ones. Keys that no row sees
// are left out.
class KeyFeed {
public:
    // `rows`: the tile's query positions, ascending; `key_shift` is added to every key of the runs.
    KeyFeed(std::span<const KeyRun> runs, std::int64_t key_shift, std::span<const std::int64_t> rows,
            KeyPlaces places = {})
        : runs_(runs), rows_(rows), key_shift_(key_shift), places_(places) {}

    // Fills the next block with at most `most` keys; false when no key is left.
    bool next(KeyBlock& block, int most = max_block_keys) { return fill(block, most, false); }
    // The same, but a block of one run ends with it, and a run that fits into a block is not cut to fill the one
    // before: for readers who need not copy keys an equal step apart.
    bool next_whole_runs(KeyBlock& block, int most) { return fill(block, most, true); }

private:
    bool fill(KeyBlock& block, int most, bool keeps_runs_whole);
    void take_full(const KeyRun& run, KeyBlock& block, int most);
    void take_banded(const KeyRun& run, KeyBlock& block, int most);
    void take_causal(const KeyRun& run, KeyBlock& block, int most);
    bool is_whole(const KeyBlock& block, int runs_taken, int most) const;
    bool is_masked(const KeyRun& run) const { return places_.is_causal || !run.band.is_full(); }
    std::span<const KeyRun> runs_;
    std::span<const std::int64_t> rows_;
    std::int64_t key_shift_;
    KeyPlaces places_;
    bool banded_phase_ = false;
    std::size_t run_index_ = 0;
    std::int32_t key_index_ = 0;               // within the run
    std::int32_t row_begin_ = 0, row_end_ = 0; // of the last banded key; both only grow along a run
};

} // namespace dilascope
