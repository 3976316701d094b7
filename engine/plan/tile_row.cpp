#include "engine/plan/tile_row.h"
#include "engine/pattern/bit_matrix.h"
#include <numeric>

namespace dilascope {

void merge_ranges(std::vector<Range>& ranges) {
    std::erase_if(ranges, [](Range range) { return range.size() == 0; });
    std::sort(ranges.begin(), ranges.end(), [](Range a, Range b) { return a.begin < b.begin; });
    std::size_t kept = 0;
    for (const Range range : ranges) {
        if (kept > 0 && range.begin <= ranges[kept - 1].end)
            ranges[kept - 1].end = std::max(ranges[kept - 1].end, range.end);
        else
            ranges[kept++] = range;
    }
    ranges.resize(kept);
}

static std::int64_t total_size(const std::vector<Range>& ranges) {
    std::int64_t total = 0;
    for (const Range range : ranges) total += range.size();
    return total;
}

// The part of both sets of merged ranges.
static std::vector<Range> intersect(const std::vector<Range>& a, const std::vector<Range>& b) {
    std::vector<Range> both;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        const Range common = dilascope::intersect(a[i], b[j]);
        if (common.size() > 0) both.push_back(common);
        a[i].end < b[j].end ? ++i : ++j;
    }
    return both;
}

Range touched_columns(Range keys, std::int64_t size) {
    return keys.size() == 0 ? Range{} : Range{keys.begin / size, (keys.end - 1) / size + 1};
}

std::int64_t whole_columns(Range keys, std::int64_t size, std::int64_t kv_len) {
    const std::int64_t begin = (keys.begin + size - 1) / size;
    const std::int64_t end = keys.end == kv_len ? (kv_len + size - 1) / size : keys.end / size;
    return std::max<std::int64_t>(0, end - begin);
}

static std::int64_t whole_columns(const std::vector<Range>& keys, std::int64_t size, std::int64_t kv_len) {
    std::int64_t count = 0;
    for (const Range range : keys) count += whole_columns(range, size, kv_len);
    return count;
}

RowTiles band_tile_row(Band band, const Problem& problem, Range positions, std::int64_t columns) {
    if (problem.causal) band.hi = std::min<std::int64_t>(band.hi, 0);
    const Range every{0, problem.kv_len};
    const Range seen = intersect(every, Range{positions.begin + band.lo, positions.end + band.hi});
    const Range seen_by_all = intersect(every, Range{positions.end - 1 + band.lo, positions.begin + band.hi + 1});
    return {touched_columns(seen, columns).size(),
            seen_by_all.size() == 0 ? 0 : whole_columns(seen_by_all, columns, problem.kv_len)};
}

DilatedTileRows::DilatedTileRows(const Dilated& dilated, const Problem& problem, std::int64_t head, TileSize size)
    : dilated_(dilated), problem_(problem), head_(head), size_(size) {
    period_ = size.rows;
    const auto extend_period = [&](std::int64_t length) {
        if (period_ == 0) return;
        const std::int64_t factor = length / std::gcd(period_, length);
        period_ = factor > problem.kv_len / period_ ? 0 : period_ * factor;
    };
    extend_period(size.columns);
    for (int branch = 0; branch < branch_count(dilated); ++branch) {
        const BranchView view = branch_view(dilated, problem, head, branch);
        if (!view.takes_part) continue;
        views_.push_back(view);
        extend_period(view.segment_length);
    }
}

// Every branch of a query holds the query's own position, so its keys reach from the first of the segment to the last,
// or to the query when causal. Keys no further apart than a column is wide touch every column between.
void DilatedTileRows::add_active(Range positions) {
    columns_.clear();
    for (const BranchView& view : views_)
        for (std::int64_t position = positions.begin; position < positions.end;) {
            const Range segment = segment_of(view, position, problem_.kv_len);
            const std::int64_t first = segment.begin + view.phase;
            const auto last_before = [&](std::int64_t end) {
                return first + (end - 1 - first) / view.rate * view.rate;
            };
            const std::int64_t row_end = std::min(segment.end, positions.end);
            const bool has_row = first < row_end && last_before(row_end) >= position;
            position = segment.end;
            if (!has_row) continue;
            const std::int64_t last = last_before(problem_.causal ? row_end : segment.end);
            if (view.rate <= size_.columns) {
                columns_.push_back({first / size_.columns, last / size_.columns + 1});
            } else {
                for (std::int64_t key = first; key <= last; key += view.rate)
                    columns_.push_back({key / size_.columns, key / size_.columns + 1});
            }
        }
    merge_ranges(columns_);
}

void DilatedTileRows::cut_pieces(Range positions) {
    pieces_.clear();
    for (std::int64_t position = positions.begin; position < positions.end;) {
        Range piece{position, positions.end};
        for (const BranchView& view : views_) piece = intersect(piece, segment_of(view, position, problem_.kv_len));
        pieces_.push_back({position, piece.end});
        position = piece.end;
    }
}

// Keys that a query sees through branches without dilation: so does every query of its piece, but for causality, which
// leaves them those up to the piece's first.
std::vector<Range> DilatedTileRows::solid_keys(std::int64_t position) const {
    std::vector<Range> keys;
    for (const BranchView& view : views_) {
        if (view.rate != 1) continue;
        Range segment = segment_of(view, position, problem_.kv_len);
        if (problem_.causal) segment.end = std::min(segment.end, position + 1);
        keys.push_back(segment);
    }
    merge_ranges(keys);
    return keys;
}

bool DilatedTileRows::has_row_outside_classes(Range piece) const {
    for (std::int64_t position = piece.begin; position < piece.end; ++position) {
        const bool inside = std::ranges::any_of(views_, [&](const BranchView& view) {
            const Range segment = segment_of(view, piece.begin, problem_.kv_len);
            return view.rate > 1 && (position - segment.begin) % view.rate == view.phase;
        });
        if (!inside) return true;
    }
    return false;
}

// Tile by tile, by counting.
std::int64_t DilatedTileRows::count_full(Range positions, Range columns) const {
    std::vector<std::int64_t> edges;
    for (std::int64_t column = columns.begin; column <= columns.end; ++column)
        edges.push_back(std::min(column * size_.columns, problem_.kv_len));
    std::vector<std::int64_t> counts(std::size_t(columns.size()), 0);
    count_row(dilated_, problem_, head_, {}, positions, edges, counts);
    std::int64_t full = 0;
    for (std::size_t column = 0; column < counts.size(); ++column)
        full += counts[column] == positions.size() * (edges[column + 1] - edges[column]);
    return full;
}

RowTiles DilatedTileRows::row(Range positions) {
    add_active(positions);
    const RowTiles nothing_full{total_size(columns_), 0};
    if (nothing_full.active == 0) return nothing_full;
    // A query outside all dilated classes sees its solid keys and no other, so tiles that reach beyond are not full.
    // Where a piece has no such query (classes that cover every position), its solid keys are only a lower bound.
    cut_pieces(positions);
    std::vector<Range> surely{{0, problem_.kv_len}}, at_most = surely;
    for (const Range piece : pieces_) {
        const std::vector<Range> solid = solid_keys(piece.begin);
        surely = intersect(surely, solid);
        if (has_row_outside_classes(piece)) at_most = intersect(at_most, solid);
        if (at_most.empty()) return nothing_full;
    }
    const std::int64_t full = whole_columns(surely, size_.columns, problem_.kv_len);
    if (full == whole_columns(at_most, size_.columns, problem_.kv_len)) return {nothing_full.active, full};
    return {nothing_full.active, count_full(positions, {columns_.front().begin, columns_.back().end})};
}

BlockTileRows::BlockTileRows(const Blocks& blocks, const Problem& problem, std::int64_t head, TileSize size)
    : problem_(problem), block_(block_grid(blocks, problem).block), size_(size), rows_(blocks, problem, head, -1),
      any_(std::size_t(block_grid(blocks, problem).words())), all_(any_.size()) {}

RowTiles BlockTileRows::row(Range positions) {
    std::fill(any_.begin(), any_.end(), 0);
    std::fill(all_.begin(), all_.end(), ~std::uint64_t{0});
    columns_.clear();
    const auto add_keys = [&](std::int64_t begin, std::int64_t end) {
        columns_.push_back(touched_columns({begin, std::min(end, problem_.kv_len)}, size_.columns));
    };
    for (std::int64_t row = positions.begin / block_; row <= (positions.end - 1) / block_; ++row) {
        const std::span<const std::uint64_t> bits = rows_.row(row);
        for (std::size_t word = 0; word < bits.size(); ++word) all_[word] &= bits[word];
        if (!problem_.causal) {
            for (std::size_t word = 0; word < bits.size(); ++word) any_[word] |= bits[word];
            continue;
        }
        // Blocks before the diagonal are seen whole, the one on it up to the row's last query.
        const auto whole = std::size_t(row / 64);
        for (std::size_t word = 0; word < whole; ++word) any_[word] |= bits[word];
        any_[whole] |= bits[whole] & ((std::uint64_t{1} << row % 64) - 1);
        if (bits[whole] >> row % 64 & 1) add_keys(row * block_, std::min(positions.end, (row + 1) * block_));
    }
    for_each_run(any_, [&](std::int64_t begin, std::int64_t end) { add_keys(begin * block_, end * block_); });
    merge_ranges(columns_);
    std::int64_t full = 0;
    const std::int64_t seen_end = problem_.causal ? positions.begin + 1 : problem_.kv_len; // by all its queries
    for_each_run(all_, [&](std::int64_t begin, std::int64_t end) {
        const Range keys = intersect(Range{begin * block_, end * block_}, Range{0, seen_end});
        if (keys.size() > 0) full += whole_columns(keys, size_.columns, problem_.kv_len);
    });
    return {total_size(columns_), full};
}

} // namespace dilascope
