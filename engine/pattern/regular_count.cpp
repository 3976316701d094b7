#include "engine/pattern/regular_count.h"
#include "engine/pattern/add_scaled.h"
#include "engine/pattern/residues.h"

namespace dilascope {

namespace {

struct PixelRange {
    std::size_t begin = 0, end = 0;
    bool contains(std::size_t pixel) const { return begin <= pixel && pixel < end; }
};
PixelRange overlap(PixelRange a, PixelRange b) { return {std::max(a.begin, b.begin), std::min(a.end, b.end)}; }

// Where a group of block rows meets a cell set.
struct Meeting {
    std::int64_t row_tokens = 0; // of the set's rows in the group
    PixelRange reach;            // pixels that may hold a cell
    PixelRange inside;           // those of them where the band leaves out no cell
};

Meeting meet(const BlockCells& cells, const BlockGroup& group, std::int64_t block, const PixelFinder& pixels) {
    const Range rows = intersect(group.blocks, cells.row_range);
    const std::int64_t members = count_in(cells.rows, rows);
    if (members == 0) return {};
    const std::int64_t first = cells.rows.residue + cells.rows.modulus * first_index(cells.rows, rows.begin);
    const std::int64_t last = first + cells.rows.modulus * (members - 1);
    const Range columns = cells.column_range;
    const Range some = intersect(columns, {first + cells.band.lo, last + cells.band.hi + 1}); // row sees it
    if (some.size() == 0) return {};
    const Range all{last + cells.band.lo, first + cells.band.hi + 1}; // each row sees these
    Meeting meeting{members * group.weight, {pixels.at(some.begin * block), pixels.first_from(some.end * block)}, {}};
    meeting.inside = meeting.reach;
    // The set has no columns beyond its range, so there the band leaves nothing out.
    if (all.begin > columns.begin) meeting.inside.begin = pixels.first_from(std::min(all.begin, columns.end) * block);
    if (all.end < columns.end) meeting.inside.end = pixels.count_until(std::max(all.end, columns.begin) * block);
    meeting.inside = overlap(meeting.inside, meeting.reach);
    return meeting;
}

} // namespace

RegularCounter::RegularCounter(std::span<const BlockCells> cells, bool is_causal, std::int64_t block,
                               std::span<const std::int64_t> edges)
    : cells_(cells.begin(), cells.end()), is_causal_(is_causal), block_(block), edges_(edges),
      places_(block_places(edges, block)), pixels_(edges) {
    for (const SignedCells& term : united(cells)) {
        BlockCells off_diagonal = term.cells;
        if (is_causal) {
            DiagonalTerm diagonal{{}, intersect(term.cells.row_range, term.cells.column_range), term.sign};
            if (term.cells.band.contains(0) && intersect(term.cells.rows, term.cells.columns, diagonal.residues))
                diagonal_terms_.push_back(diagonal);
            off_diagonal.band.hi = std::min<std::int64_t>(off_diagonal.band.hi, -1);
        }
        if (off_diagonal.band.lo <= off_diagonal.band.hi)
            terms_.push_back({off_diagonal, term.sign, column_tokens(off_diagonal)});
    }
}

std::vector<std::int64_t> RegularCounter::column_tokens(const BlockCells& cells) const {
    std::vector<std::int64_t> tokens(places_.size() - 1, 0);
    for (std::size_t pixel = 0; pixel < tokens.size(); ++pixel)
        for (const BlockGroup& group : block_groups(places_[pixel], places_[pixel + 1], block_))
            tokens[pixel] += group.weight * count_in(cells.columns, intersect(group.blocks, cells.column_range));
    return tokens;
}

void RegularCounter::add(Range rows, std::span<std::int64_t> counts) const {
    const BlockGroups groups = block_groups(rows, block_);
    for (const Term& term : terms_) add_term(term, groups, counts);
    if (is_causal_) add_diagonal(rows, counts);
}

void RegularCounter::add_term(const Term& term, const BlockGroups& rows, std::span<std::int64_t> counts) const {
    Meeting meetings[3];
    PixelRange common{0, counts.size()}; // inside for all groups
    std::int64_t row_tokens = 0;
    for (int index = 0; index < rows.count; ++index) {
        meetings[index] = meet(term.cells, rows.group[index], block_, pixels_);
        if (meetings[index].row_tokens == 0) continue;
        row_tokens += meetings[index].row_tokens;
        common = overlap(common, meetings[index].inside);
    }
    if (row_tokens == 0) return;
    if (common.begin < common.end)
        add_scaled(counts.data() + common.begin, term.column_tokens.data() + common.begin, term.sign * row_tokens,
                   common.end - common.begin);
    for (int index = 0; index < rows.count; ++index) {
        const Meeting& meeting = meetings[index];
        if (meeting.row_tokens == 0) continue;
        for (std::size_t pixel = meeting.reach.begin; pixel < meeting.reach.end; ++pixel) {
            if (common.contains(pixel)) {
                pixel = common.end - 1;
                continue;
            }
            counts[pixel] +=
                term.sign * (meeting.inside.contains(pixel) ? meeting.row_tokens * term.column_tokens[pixel]
                                                            : pairs_in_pixel(term, rows.group[index], pixel));
        }
    }
}

std::int64_t RegularCounter::pairs_in_pixel(const Term& term, const BlockGroup& rows, std::size_t pixel) const {
    std::int64_t pairs = 0;
    for (const BlockGroup& columns : block_groups(places_[pixel], places_[pixel + 1], block_))
        pairs += rows.weight * columns.weight * count_cells(term.cells, rows.blocks, columns.blocks);
    return pairs;
}

void RegularCounter::add_diagonal(Range rows, std::span<std::int64_t> counts) const {
    const auto holds = [&](std::int64_t index) {
        return std::ranges::any_of(cells_, [&](const BlockCells& set) { return set.contains(index, index); });
    };
    add_diagonal_blocks(block_, rows, edges_, counts, holds, [&](Range whole) {
        std::int64_t count = 0;
        for (const DiagonalTerm& term : diagonal_terms_)
            count += term.sign * count_in(term.residues, intersect(whole, term.range));
        return count;
    });
}

} // namespace dilascope
