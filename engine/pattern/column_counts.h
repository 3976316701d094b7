#pragma once
// ColumnCounts: how many of up to 63 bit rows hold each block column, as bit planes added 64 blocks at a time, so a
// pixel costs a few population counts however many blocks it covers.
#include "engine/pattern/block_pixels.h"
#include <array>

namespace dilascope {

// The edges of a picture's columns as bits of a block row's words.
class ColumnEdges {
public:
    ColumnEdges(std::span<const std::int64_t> edges, std::int64_t block);

    struct Edge {
        std::size_t word = 0;     // of the words that the picture meets
        std::uint64_t before = 0; // bits of the word's blocks before the edge's
        int bit = 0;              // the edge's block
        std::int64_t rest = 0;    // its tokens before the edge
    };
    std::span<const Edge> all() const { return edges_; }
    bool cut_blocks() const { return cut_blocks_; } // an edge has a rest
    // Pixels that begin before block column `end`.
    std::size_t pixels_before(std::int64_t end) const { return pixels_.first_from(end * block_); }
    std::int64_t block() const { return block_; }
    std::int64_t first_word() const { return first_word_; }
    std::size_t words() const { return words_; }

private:
    std::int64_t block_, first_word_;
    std::size_t words_;
    bool cut_blocks_ = false;
    PixelFinder pixels_;
    std::vector<Edge> edges_;
};

class ColumnCounts {
public:
    static constexpr int most_rows = 63;

    // `edges` must outlive this.
    explicit ColumnCounts(const ColumnEdges& edges);
    // Forgets the rows.
    void start();
    // Adds a block row's bits before column `end`; words that the picture does not meet are not looked at. The row must
    // stay until the next one is added, or until the question below.
    void add(std::span<const std::uint64_t> row, std::int64_t end);
    // Overwrites tokens[pixel] with the key tokens that all added rows hold in it.
    void write_tokens(std::span<std::int64_t> tokens);

private:
    struct Row {
        const std::uint64_t* words = nullptr; // from the first that the picture meets
        std::int64_t end = 0;                 // bits of them
        std::uint64_t word(std::int64_t index) const;
    };
    void add_pair(const Row& first, const Row& second);
    void add_waiting();
    void add_carries(int first_plane);
    template <int Used> void write_tokens_of(std::span<std::int64_t> tokens);
    template <int Used, bool Cuts> void write_tokens_of(std::span<std::int64_t> tokens);

    const ColumnEdges& edges_;
    int rows_ = 0;
    std::int64_t words_used_ = 0;                     // no row holds a bit beyond
    Row waiting_;                                     // a carry-save adder takes two rows at a time
    std::array<std::vector<std::uint64_t>, 6> plane_; // one word beyond the last, which is 0
    std::vector<std::uint64_t> carry_;
    std::vector<std::int32_t> before_; // blocks held in the words before each
};

} // namespace dilascope
