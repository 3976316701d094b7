#pragma once
// A pattern as a signed sum of products rows × keys, each a range cut by a residue class. Along a curve such products
// are what can still be counted: their tokens are looked up, pixel by pixel.
#include "engine/pattern/pattern.h"

namespace dilascope {

struct Product {
    Range rows, keys;
    Residues residues; // of both rows and keys
    std::int64_t sign = 1;
};

// The products of one head of a pattern's kind, in groups that no two share a row: segments, block rows, chunks.
class Products {
public:
    // `problem`: of the ranks, so without causality and with M queries. The arguments must outlive this.
    Products(const PatternKind& kind, const Problem& problem, std::int64_t head, Count what);

    std::int64_t group_count() const { return group_count_; }
    std::int64_t rank_count() const { return problem_.kv_len; }
    // Ranks whose rows belong to a group.
    Range rows(std::int64_t group) const;
    // Overwrites `products` with those of the group.
    void list(std::int64_t group, std::vector<Product>& products) const;

private:
    void list_dilated(Range rows, std::vector<Product>& products) const;
    void list_blocks(const Blocks& blocks, Range rows, std::vector<Product>& products) const;
    void list_window(const Window& window, Range rows, std::vector<Product>& products) const;

    const PatternKind& kind_;
    const Problem& problem_;
    std::int64_t head_;
    Count what_;
    std::vector<BranchView> views_;    // of a dilated kind: the branches that count
    std::vector<std::int64_t> starts_; // of a dilated kind's groups
    std::int64_t group_size_ = 1;      // of the others'
    std::int64_t group_count_ = 1;
};

} // namespace dilascope
