#include "engine/pattern/blocks.h"
#include "engine/plan/plan_builder.h"
#include <fmt/format.h>
#include <numeric>

namespace dilascope {

namespace {

template <class Part> std::string_view name_of(const Part&) { return Part::kind_name; }

// Sets bit J of every cell (row, J).
void set_cells(const BlockCells& cells, std::int64_t row, std::span<std::uint64_t> words) {
    if (!cells.row_range.contains(row) || floor_mod(row - cells.rows.residue, cells.rows.modulus) != 0) return;
    const Range columns = intersect(cells.column_range, {row + cells.band.lo, row + cells.band.hi + 1});
    if (columns.size() == 0) return;
    const Residues c = cells.columns;
    for (std::int64_t column = c.residue + first_index(c, columns.begin) * c.modulus; column < columns.end;
         column += c.modulus)
        words[std::size_t(column / 64)] |= std::uint64_t{1} << (column % 64);
}

} // namespace

std::int64_t block_of(const BlockPart& part) {
    return std::visit([](const auto& one) { return one.block; }, part);
}

std::vector<PartBranch> part_branches(const Blocks& blocks) {
    std::vector<PartBranch> all;
    for (const BlockPart& part : blocks.parts) {
        const int count = std::visit([](const auto& one) { return branch_count(one); }, part);
        for (int branch = 0; branch < count; ++branch) all.push_back({&part, branch});
    }
    return all;
}

std::string branch_name(const Blocks& blocks, int branch) {
    const PartBranch chosen = part_branches(blocks).at(std::size_t(branch));
    return std::visit([&](const auto& one) { return branch_name(one, chosen.branch); }, *chosen.part);
}

Result<void> validate(const Blocks& blocks, const Problem& problem) {
    if (blocks.parts.empty()) return fail("blocks: no part is given");
    if (part_branches(blocks).size() > std::size_t(max_branches))
        return fail(
            fmt::format("a union of {} parts; at most {} branches are supported", blocks.parts.size(), max_branches));
    const std::int64_t block = block_of(blocks.parts.front());
    for (const BlockPart& part : blocks.parts) {
        const std::string_view name = std::visit([](const auto& one) { return name_of(one); }, part);
        if (block_of(part) < 1 || block_of(part) > 1 << 20)
            return fail(fmt::format("{}: block is {}; expected 1 … 2^20 tokens", name, block_of(part)));
        if (block_of(part) != block)
            return fail(fmt::format("{}: block is {}, but the union's first part has {}; give all parts one block size",
                                    name, block_of(part), block));
        TRY(std::visit([&](const auto& one) { return validate(one, problem); }, part));
    }
    return {};
}

BranchSet branches(const Blocks& blocks, const Problem& problem, std::int64_t head, std::int64_t position,
                   std::int64_t key) {
    const BlockGrid grid = block_grid(blocks, problem);
    BranchSet set = 0;
    int shift = 0;
    for (const BlockPart& part : blocks.parts)
        std::visit(
            [&](const auto& one) {
                set |= branches(one, grid, head, position / grid.block, key / grid.block) << shift;
                shift += branch_count(one);
            },
            part);
    return set;
}

int branch_count(const Blocks& blocks) { return int(part_branches(blocks).size()); }

int head_class(const Blocks& blocks, const Problem&, std::int64_t head) {
    std::int64_t period = 1;
    for (const BlockPart& part : blocks.parts) {
        const std::int64_t own = std::visit([](const auto& one) { return head_period(one); }, part);
        if (own == 0) return int(head);
        const std::int64_t common = std::lcm(period, own);
        if (common > head) return int(head); // no two heads up to this one look alike, as far as is known yet
        period = common;
    }
    return int(head % period);
}

bool regular_cells(const Blocks& blocks, const Problem& problem, std::int64_t head, int branch,
                   std::vector<BlockCells>& cells) {
    const BlockGrid grid = block_grid(blocks, problem);
    const std::vector<PartBranch> all = part_branches(blocks);
    bool regular = true;
    for (std::size_t index = 0; index < all.size() && regular; ++index) {
        if (branch >= 0 && int(index) != branch) continue;
        std::visit(
            [&](const auto& one) {
                if constexpr (std::remove_cvref_t<decltype(one)>::is_regular)
                    append_cells(one, grid, head, all[index].branch, cells);
                else
                    regular = false;
            },
            *all[index].part);
    }
    return regular;
}

void block_row(const Blocks& blocks, const Problem& problem, std::int64_t head, int branch, std::int64_t row,
               std::span<std::uint64_t> words) {
    const BlockGrid grid = block_grid(blocks, problem);
    std::fill(words.begin(), words.end(), 0);
    std::vector<BlockCells> cells;
    int index = 0;
    for (const BlockPart& part : blocks.parts)
        std::visit(
            [&](const auto& one) {
                for (int own = 0; own < branch_count(one); ++own, ++index) {
                    if (branch >= 0 && index != branch) continue;
                    if constexpr (std::remove_cvref_t<decltype(one)>::is_regular)
                        append_cells(one, grid, head, own, cells);
                    else
                        fill_row(one, grid, head, own, row, words);
                }
            },
            part);
    for (const BlockCells& set : cells) set_cells(set, row, words);
}

void append_tiles(const Blocks& blocks, const Problem& problem, std::int64_t head, PlanBuilder& builder) {
    constexpr std::int64_t longest_run = std::int64_t{1} << 30; // counts are 32 bits
    const BlockGrid grid = block_grid(blocks, problem);
    std::vector<std::uint64_t> words(std::size_t(grid.words()));
    std::vector<std::int64_t> positions;
    std::vector<KeyRun> runs;
    builder.begin_list(0);
    const std::int64_t first_query = problem.kv_len - problem.seq_len;
    for (std::int64_t row = first_query / grid.block; row < grid.count; ++row) {
        block_row(blocks, problem, head, -1, row, words);
        runs.clear();
        for_each_run(words, [&](std::int64_t begin, std::int64_t end) {
            const std::int64_t key_end = std::min(end * grid.block, problem.kv_len);
            for (std::int64_t key = begin * grid.block; key < key_end; key += longest_run)
                runs.push_back({key, 1, std::int32_t(std::min(longest_run, key_end - key)), 0, Band{}});
        });
        positions.clear();
        for (std::int64_t q = row * grid.block; q < std::min((row + 1) * grid.block, problem.kv_len); ++q)
            positions.push_back(q);
        builder.append(positions, runs);
    }
}

} // namespace dilascope
