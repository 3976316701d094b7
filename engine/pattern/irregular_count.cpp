#include "engine/pattern/irregular_count.h"
#include "engine/pattern/add_scaled.h"

namespace dilascope {

IrregularCounter::IrregularCounter(BlockRows bits, const ColumnEdges& edges,
                                   std::span<const std::int64_t> picture_edges, bool is_causal)
    : bits_(std::move(bits)), edges_(edges), picture_edges_(picture_edges), is_causal_(is_causal), columns_(edges),
      tokens_(picture_edges.size() - 1) {}

void IrregularCounter::add(Range rows, std::span<std::int64_t> counts) {
    for (const BlockGroup& group : block_groups(rows, edges_.block()))
        if (group.blocks.size() == 1)
            add_scaled(counts.data(), tokens_of(group.blocks.begin).data(), group.weight, counts.size());
        else
            add_whole(group.blocks, counts);
    if (is_causal_) add_diagonal(rows, counts);
}

std::int64_t IrregularCounter::columns_seen(std::int64_t row) const { return is_causal_ ? row : bits_.row_count(); }

std::span<const std::int64_t> IrregularCounter::tokens_of(std::int64_t row) {
    for (const KeptRow& one : kept_)
        if (one.row == row) return one.tokens;
    KeptRow& kept = kept_[next_kept_];
    next_kept_ = 1 - next_kept_;
    kept.row = row;
    kept.tokens.resize(tokens_.size());
    columns_.start();
    columns_.add(bits_.row(row), columns_seen(row));
    columns_.write_tokens(kept.tokens);
    return kept.tokens;
}

void IrregularCounter::add_whole(Range block_rows, std::span<std::int64_t> counts) {
    for (std::int64_t row = block_rows.begin; row < block_rows.end;) {
        columns_.start();
        const std::int64_t end = std::min(block_rows.end, row + ColumnCounts::most_rows);
        for (; row < end; ++row) {
            bits_.prefetch(row + 4, std::size_t(edges_.first_word()), edges_.words());
            columns_.add(bits_.row(row), columns_seen(row));
        }
        columns_.write_tokens(tokens_);
        add_scaled(counts.data(), tokens_.data(), edges_.block(), counts.size());
    }
}

void IrregularCounter::add_diagonal(Range rows, std::span<std::int64_t> counts) const {
    const auto holds = [&](std::int64_t row) { return bits_.row(row)[std::size_t(row / 64)] >> (row % 64) & 1; };
    add_diagonal_blocks(edges_.block(), rows, picture_edges_, counts, holds, [&](Range whole) {
        std::int64_t count = 0;
        for (std::int64_t row = whole.begin; row < whole.end; ++row) count += std::int64_t(holds(row));
        return count;
    });
}

} // namespace dilascope
