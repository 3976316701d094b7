// Exact pair counts of block patterns. Regular unions are signed sums of cell sets with closed-form counts, at any N.
// Irregular ones are bit rows: the rows of a pixel are added as bit planes, 64 blocks at a time, so a pixel costs a few
// population counts however many blocks it covers. Blocks cut by an edge or by the diagonal are weighed by their
// tokens.
#include "engine/pattern/block_rows.h"
#include "engine/pattern/blocks.h"
#include "engine/pattern/pixels.h"
#include "engine/vector_clones.h"
#include <bit>

namespace dilascope {

namespace {

// Block indices that a range of tokens meets in `weight` tokens each: whole blocks and the cut ones at both ends.
struct Group {
    Range blocks;
    std::int64_t weight = 0;
};
struct Groups {
    Group group[3];
    int count = 0;
    void add(Range blocks, std::int64_t weight) {
        if (blocks.size() > 0 && weight > 0) group[count++] = {blocks, weight};
    }
};

// A token as its block and what remains.
struct Place {
    std::int64_t block = 0, rest = 0;
};

Groups groups_of(Place begin, Place end, std::int64_t block) {
    Groups groups;
    if (begin.block == end.block) {
        groups.add({begin.block, begin.block + 1}, end.rest - begin.rest);
        return groups;
    }
    const std::int64_t whole_begin = begin.rest > 0 ? begin.block + 1 : begin.block;
    groups.add({begin.block, whole_begin}, block - begin.rest);
    groups.add({whole_begin, end.block}, block);
    groups.add({end.block, end.block + 1}, end.rest);
    return groups;
}

Groups groups_of(Range tokens, std::int64_t block) {
    if (tokens.size() == 0) return {};
    return groups_of({tokens.begin / block, tokens.begin % block}, {tokens.end / block, tokens.end % block}, block);
}

// The places of a picture's edges. All its rows ask for the same ones, so a thread keeps the last: the divisions would
// take most of the time.
std::span<const Place> places_of(std::span<const std::int64_t> edges, std::int64_t block) {
    struct Kept {
        std::vector<std::int64_t> edges;
        std::int64_t block = 0;
        std::vector<Place> places;
    };
    thread_local Kept kept;
    if (kept.block != block || !std::ranges::equal(kept.edges, edges)) {
        kept.edges.assign(edges.begin(), edges.end());
        kept.block = block;
        kept.places.clear();
        for (std::int64_t edge : edges) kept.places.push_back({edge / block, edge % block});
    }
    return kept.places;
}

// Adds one signed set: pixels its band does not reach are not visited.
void add_cells(const SignedCells& term, std::int64_t block, std::span<const Group> rows,
               std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    const std::span<const Place> places = places_of(edges, block);
    for (const Group& group : rows) {
        const Range reach = intersect(term.cells.column_range,
                                      {group.blocks.begin + term.cells.band.lo, group.blocks.end + term.cells.band.hi});
        if (reach.size() == 0) continue;
        for (std::size_t pixel = pixel_at(edges, reach.begin * block);
             pixel < counts.size() && edges[pixel] < reach.end * block; ++pixel) {
            const Groups columns = groups_of(places[pixel], places[pixel + 1], block);
            for (int index = 0; index < columns.count; ++index)
                counts[pixel] += term.sign * group.weight * columns.group[index].weight *
                                 count_cells(term.cells, group.blocks, columns.group[index].blocks);
        }
    }
}

// Pairs with key ≤ query of diagonal block `block_index` inside rows × keys.
std::int64_t diagonal_pairs(std::int64_t block_index, std::int64_t block, Range rows, Range keys) {
    const Range own{block_index * block, (block_index + 1) * block};
    return pairs_at_or_below(intersect(rows, own), intersect(keys, own), 0);
}

// Causality leaves a triangle of the diagonal blocks. Whole ones inside a pixel are alike; cut ones are looked at
// singly.
template <class Holds, class CountWhole>
void add_diagonal(std::int64_t block, Range rows, std::span<const std::int64_t> edges, std::span<std::int64_t> counts,
                  Holds holds, CountWhole count_whole) {
    if (rows.size() == 0) return;
    for (std::size_t pixel = pixel_at(edges, rows.begin / block * block);
         pixel < counts.size() && edges[pixel] < rows.end; ++pixel) {
        const Range keys{edges[pixel], edges[pixel + 1]};
        const Range both = intersect(rows, keys);
        const Range whole{(both.begin + block - 1) / block, both.end / block};
        if (whole.size() > 0) counts[pixel] += count_whole(whole) * (block * (block + 1) / 2);
        const auto add_cut = [&](std::int64_t index) {
            if (!whole.contains(index) && holds(index)) counts[pixel] += diagonal_pairs(index, block, rows, keys);
        };
        // Blocks that reach into both ranges without lying in both: those of the ranges' ends.
        std::int64_t cut[4] = {rows.begin / block, (rows.end - 1) / block, keys.begin / block,
                               std::max(keys.begin, keys.end - 1) / block};
        std::sort(std::begin(cut), std::end(cut));
        for (int index = 0; index < 4; ++index)
            if (index == 0 || cut[index] != cut[index - 1]) add_cut(cut[index]);
    }
}

void count_regular(std::span<const BlockCells> cells, const Problem& problem, std::int64_t block, Range rows,
                   std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    const Groups groups = groups_of(rows, block);
    const std::span<const Group> row_groups{groups.group, std::size_t(groups.count)};
    const std::vector<SignedCells> terms = united(cells);
    if (!problem.causal) {
        for (const SignedCells& term : terms) add_cells(term, block, row_groups, edges, counts);
        return;
    }
    for (SignedCells term : terms) {
        term.cells.band.hi = std::min<std::int64_t>(term.cells.band.hi, -1);
        if (term.cells.band.lo <= term.cells.band.hi) add_cells(term, block, row_groups, edges, counts);
    }
    add_diagonal(
        block, rows, edges, counts,
        [&](std::int64_t index) {
            return std::ranges::any_of(cells, [&](const BlockCells& set) { return set.contains(index, index); });
        },
        [&](Range whole) {
            std::int64_t count = 0;
            for (SignedCells term : terms) {
                term.cells.band = {std::max<std::int64_t>(term.cells.band.lo, 0),
                                   std::min<std::int64_t>(term.cells.band.hi, 0)};
                if (term.cells.band == Band{0, 0}) count += term.sign * count_cells(term.cells, whole, whole);
            }
            return count;
        });
}

// plane, a, b := sum and carries (in a) of the three words.
VECTOR_CLONES void add_two(std::uint64_t* plane, std::uint64_t* a, const std::uint64_t* b, std::size_t words) {
    for (std::size_t word = 0; word < words; ++word) {
        const std::uint64_t half = plane[word] ^ a[word];
        a[word] = (plane[word] & a[word]) | (half & b[word]);
        plane[word] = half ^ b[word];
    }
}

// plane, carry := sum and carry of the two words.
VECTOR_CLONES void add_carry(std::uint64_t* plane, std::uint64_t* carry, std::size_t words) {
    for (std::size_t word = 0; word < words; ++word) {
        const std::uint64_t both = plane[word] & carry[word];
        plane[word] ^= carry[word];
        carry[word] = both;
    }
}

// How many of up to 63 rows hold each block column: bit planes, and their running totals at word starts.
class ColumnCounts {
public:
    static constexpr int most_rows = 63;

    // For columns [columns.begin, columns.end); words outside are not looked at.
    void start(Range columns) {
        first_word_ = columns.begin / 64;
        words_ = columns.size() > 0 ? std::size_t((columns.end + 63) / 64 - first_word_) : 0;
        rows_ = 0;
        for (std::vector<std::uint64_t>& plane : planes_) plane.assign(words_, 0);
        first_.resize(words_), second_.resize(words_);
    }
    // Adds a row's bits before column `end`. Rows are added in pairs: a carry-save adder takes two at a time.
    void add(std::span<const std::uint64_t> row, std::int64_t end) {
        std::vector<std::uint64_t>& bits = rows_ % 2 == 0 ? first_ : second_;
        const std::int64_t room = std::clamp<std::int64_t>(end - first_word_ * 64, 0, std::int64_t(words_) * 64);
        const auto whole = std::size_t(room / 64);
        std::copy_n(row.begin() + first_word_, words_, bits.begin());
        if (whole < words_) {
            bits[whole] &= (std::uint64_t{1} << room % 64) - 1;
            std::fill(bits.begin() + std::ptrdiff_t(whole) + 1, bits.end(), 0);
        }
        if (++rows_ % 2 == 0) add_pair();
    }
    // Ends the adding; must come before the questions below.
    void finish() {
        if (rows_ % 2 == 1) {
            std::fill(second_.begin(), second_.end(), 0);
            add_pair();
        }
        used_ = int(std::bit_width(unsigned(rows_)));
        for (int index = 0; index < used_; ++index) plane_[std::size_t(index)] = planes_[std::size_t(index)].data();
        before_.assign(words_ + 1, 0);
    }
    int used_planes() const { return used_; }
    // Running totals; Used is used_planes().
    template <int Used> void total() {
        for (std::size_t word = 0; word < words_; ++word)
            before_[word + 1] = before_[word] + masked<Used>(word, ~std::uint64_t{0});
    }
    // Cells in columns before `column`, from the first word on.
    template <int Used> std::int64_t before(std::int64_t column) const {
        const std::int64_t local = column - first_word_ * 64;
        const auto word = std::size_t(local / 64);
        if (word >= words_) return before_[words_];
        return before_[word] + masked<Used>(word, (std::uint64_t{1} << local % 64) - 1);
    }
    // Rows that hold a column; one beyond the last column is held by none.
    template <int Used> std::int64_t rows_holding(std::int64_t column) const {
        const std::int64_t local = column - first_word_ * 64;
        const auto word = std::size_t(local / 64);
        std::int64_t count = 0;
        if (word >= words_) return 0;
        for (int index = 0; index < Used; ++index)
            count += std::int64_t(plane_[std::size_t(index)][word] >> (local % 64) & 1) << index;
        return count;
    }

private:
    void add_pair() {
        std::uint64_t* carry = first_.data();
        add_two(planes_[0].data(), carry, second_.data(), words_);
        for (int index = 1; index < int(std::bit_width(unsigned(rows_))); ++index)
            add_carry(planes_[std::size_t(index)].data(), carry, words_);
    }
    template <int Used> std::int64_t masked(std::size_t word, std::uint64_t mask) const {
        std::int64_t count = 0;
        for (int index = 0; index < Used; ++index) // unrolled: this is all the time a picture takes
            count += std::int64_t(std::popcount(plane_[std::size_t(index)][word] & mask)) << index;
        return count;
    }
    std::int64_t first_word_ = 0;
    std::size_t words_ = 0;
    int rows_ = 0, used_ = 0;
    std::array<std::vector<std::uint64_t>, 6> planes_;
    std::array<const std::uint64_t*, 6> plane_ = {};
    std::vector<std::uint64_t> first_, second_; // the rows of a pair
    std::vector<std::int64_t> before_;
};

// Token pairs of rows counted in `columns`, `weight` tokens each, added to the pixels. A running total F over key
// tokens makes a pixel F(end) − F(begin); the block an edge cuts counts by the tokens before the edge.
template <int Used>
void add_columns_of(ColumnCounts& columns, std::int64_t weight, std::int64_t block, std::span<const std::int64_t> edges,
                    std::span<std::int64_t> counts) {
    columns.total<Used>();
    const std::span<const Place> places = places_of(edges, block);
    const auto total_before = [&](Place place) {
        const std::int64_t cells = columns.before<Used>(place.block);
        return cells * block + (place.rest > 0 ? columns.rows_holding<Used>(place.block) * place.rest : 0);
    };
    std::int64_t low = total_before(places[0]);
    for (std::size_t pixel = 0; pixel < counts.size(); ++pixel) {
        const std::int64_t high = edges[pixel + 1] == edges[pixel] ? low : total_before(places[pixel + 1]);
        counts[pixel] += weight * (high - low);
        low = high;
    }
}

void add_columns(ColumnCounts& columns, std::int64_t weight, std::int64_t block, std::span<const std::int64_t> edges,
                 std::span<std::int64_t> counts) {
    switch (columns.used_planes()) {
    case 1: return add_columns_of<1>(columns, weight, block, edges, counts);
    case 2: return add_columns_of<2>(columns, weight, block, edges, counts);
    case 3: return add_columns_of<3>(columns, weight, block, edges, counts);
    case 4: return add_columns_of<4>(columns, weight, block, edges, counts);
    case 5: return add_columns_of<5>(columns, weight, block, edges, counts);
    default: return add_columns_of<6>(columns, weight, block, edges, counts);
    }
}

void count_irregular(const BlockRows& bits, const Problem& problem, std::int64_t block, Range rows,
                     std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    const Groups groups = groups_of(rows, block);
    const Range columns{edges.front() / block, (edges.back() + block - 1) / block};
    thread_local ColumnCounts sums;
    for (int index = 0; index < groups.count; ++index) {
        const Group& group = groups.group[index];
        for (std::int64_t row = group.blocks.begin; row < group.blocks.end;) {
            sums.start(columns);
            const std::int64_t end = std::min(group.blocks.end, row + ColumnCounts::most_rows);
            for (; row < end; ++row) sums.add(bits.row(row), problem.causal ? row : columns.end);
            sums.finish();
            add_columns(sums, group.weight, block, edges, counts);
        }
    }
    if (!problem.causal) return;
    const auto holds = [&](std::int64_t row) { return bits.row(row)[std::size_t(row / 64)] >> (row % 64) & 1; };
    add_diagonal(block, rows, edges, counts, holds, [&](Range whole) {
        std::int64_t count = 0;
        for (std::int64_t row = whole.begin; row < whole.end; ++row) count += std::int64_t(holds(row));
        return count;
    });
}

int chosen_branch(Count what) { return what.what == Count::branch_pairs ? what.branch : -1; }

} // namespace

void prepare_count(const Blocks& blocks, const Problem& problem, std::int64_t head, Count what) {
    std::vector<BlockCells> cells;
    if (!regular_cells(blocks, problem, head, chosen_branch(what), cells))
        BlockRows::prepare(blocks, problem, head, chosen_branch(what));
}

void count_row(const Blocks& blocks, const Problem& problem, std::int64_t head, Count what, Range rows,
               std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    const std::int64_t block = block_grid(blocks, problem).block;
    std::vector<BlockCells> cells;
    if (regular_cells(blocks, problem, head, chosen_branch(what), cells))
        count_regular(cells, problem, block, rows, edges, counts);
    else
        count_irregular(BlockRows(blocks, problem, head, chosen_branch(what)), problem, block, rows, edges, counts);
}

} // namespace dilascope
