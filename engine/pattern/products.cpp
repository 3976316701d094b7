#include "engine/pattern/products.h"
#include "engine/pattern/residues.h"
#include "engine/pattern/signed_union.h"
#include <algorithm>

namespace dilascope {

namespace {

constexpr std::int64_t window_chunk = 16; // rows of a window that share most keys

bool overlap(const Product& a, const Product& b, Product& both) {
    both.rows = both.keys = intersect(a.rows, b.rows);
    return both.rows.size() > 0 && intersect(a.residues, b.residues, both.residues);
}

// products := those of the union with a square set (rows = keys).
void unite(std::vector<Product>& products, const Product& added) {
    unite_signed(products, added, overlap,
                 [](const Product& a, const Product& b) { return a.rows == b.rows && a.residues == b.residues; });
}

} // namespace

Products::Products(const PatternKind& kind, const Problem& problem, std::int64_t head, Count what)
    : kind_(kind), problem_(problem), head_(head), what_(what) {
    group_size_ = problem.kv_len;
    if (std::holds_alternative<Window>(kind)) group_size_ = window_chunk;
    if (const Blocks* blocks = std::get_if<Blocks>(&kind)) group_size_ = block_grid(*blocks, problem).block;
    group_count_ = (problem.kv_len + group_size_ - 1) / group_size_;
    const Dilated* dilated = std::get_if<Dilated>(&kind);
    if (!dilated) return;
    for (int branch = 0; branch < branch_count(*dilated); ++branch) {
        const BranchView view = branch_view(*dilated, problem, head, branch);
        if (view.takes_part && (what.what != Count::branch_pairs || what.branch == branch)) views_.push_back(view);
    }
    // A group ends where all branches' segments end together.
    for (std::int64_t begin = 0; begin < problem.kv_len;) {
        starts_.push_back(begin);
        std::int64_t end = begin + 1;
        for (bool grows = true; grows;) {
            grows = false;
            for (const BranchView& view : views_)
                if (const Range segment = segment_of(view, end - 1, problem.kv_len); segment.end > end)
                    end = segment.end, grows = true;
        }
        begin = end;
    }
    group_count_ = std::int64_t(starts_.size());
}

Range Products::rows(std::int64_t group) const {
    if (starts_.empty()) return {group * group_size_, std::min((group + 1) * group_size_, problem_.kv_len)};
    const auto index = std::size_t(group);
    return {starts_[index], index + 1 < starts_.size() ? starts_[index + 1] : problem_.kv_len};
}

void Products::list(std::int64_t group, std::vector<Product>& products) const {
    products.clear();
    const Range ranks = rows(group);
    if (const Blocks* blocks = std::get_if<Blocks>(&kind_))
        list_blocks(*blocks, ranks, products);
    else if (const Window* window = std::get_if<Window>(&kind_))
        list_window(*window, ranks, products);
    else if (std::holds_alternative<Dilated>(kind_))
        list_dilated(ranks, products);
    else
        products.push_back({ranks, ranks, {}, 1});
}

void Products::list_dilated(Range rows, std::vector<Product>& products) const {
    for (const BranchView& view : views_)
        for (std::int64_t position = rows.begin; position < rows.end;) {
            const Range segment = segment_of(view, position, problem_.kv_len);
            const Product one{segment, segment, {(segment.begin + view.phase) % view.rate, view.rate}, 1};
            if (what_.what == Count::active_pairs)
                unite(products, one);
            else
                products.push_back(one);
            position = segment.end;
        }
}

void Products::list_blocks(const Blocks& blocks, Range rows, std::vector<Product>& products) const {
    const BlockGrid grid = block_grid(blocks, problem_);
    std::vector<std::uint64_t> words(std::size_t(grid.words()));
    block_row(blocks, problem_, head_, what_.what == Count::branch_pairs ? what_.branch : -1, rows.begin / grid.block,
              words);
    for_each_run(words, [&](std::int64_t begin, std::int64_t end) {
        products.push_back({rows, {begin * grid.block, std::min(end * grid.block, problem_.kv_len)}, {}, 1});
    });
}

void Products::list_window(const Window& window, Range rows, std::vector<Product>& products) const {
    const Range all{0, problem_.kv_len};
    const Range common{rows.end - 1 - window.left, rows.begin + window.right + 1};
    if (common.size() == 0) {
        for (std::int64_t row = rows.begin; row < rows.end; ++row)
            products.push_back({{row, row + 1}, intersect(all, {row - window.left, row + window.right + 1}), {}, 1});
        return;
    }
    products.push_back({rows, intersect(all, common), {}, 1});
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        products.push_back({{row, row + 1}, intersect(all, {row - window.left, common.begin}), {}, 1});
        products.push_back({{row, row + 1}, intersect(all, {common.end, row + window.right + 1}), {}, 1});
    }
}

} // namespace dilascope
