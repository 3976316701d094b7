// The functions of the regular block parts that are more than a line: local, global, strided, dilated_blocks.
#include "engine/pattern/dilated_blocks.h"
#include "engine/pattern/global.h"
#include "engine/pattern/local.h"
#include "engine/pattern/strided.h"
#include <fmt/format.h>

namespace dilascope {

Result<void> validate(const Local& local, const Problem&) {
    if (local.window < 0 || local.window > std::int64_t{1} << 40)
        return fail(fmt::format("local: window is {}; expected 0 … 2^40 tokens", local.window));
    return {};
}

Result<void> validate(const Global& global, const Problem&) {
    if (global.tokens < 0 || global.tokens > std::int64_t{1} << 40)
        return fail(fmt::format("global: tokens is {}; expected 0 … 2^40", global.tokens));
    return {};
}

Result<void> validate(const Strided& strided, const Problem&) {
    if (strided.stride < 1 || strided.stride > std::int64_t{1} << 30)
        return fail(fmt::format("strided: stride is {}; expected 1 … 2^30 blocks", strided.stride));
    return {};
}

Result<void> validate(const DilatedBlocks& part, const Problem&) {
    constexpr std::size_t most_rates = 64;
    if (part.rates.empty()) return fail("dilated_blocks: rates is empty; give at least one, e.g. rates=1,2,4");
    if (part.rates.size() > most_rates)
        return fail(fmt::format("dilated_blocks: {} rates; at most {} are supported", part.rates.size(), most_rates));
    for (std::int64_t rate : part.rates)
        if (rate < 1 || rate > std::int64_t{1} << 30)
            return fail(fmt::format("dilated_blocks: rates has {}; expected 1 … 2^30 blocks", rate));
    return {};
}

std::span<const std::int64_t> rates_of(const DilatedBlocks& part, std::int64_t head) {
    const std::span<const std::int64_t> rates = part.rates;
    return part.per_head ? rates.subspan(std::size_t(head) % rates.size(), 1) : rates;
}

BranchSet branches(const DilatedBlocks& part, const BlockGrid&, std::int64_t head, std::int64_t row,
                   std::int64_t column) {
    if (row == column) return 1;
    for (std::int64_t rate : rates_of(part, head))
        if (std::abs(row - column) == rate) return 1;
    return 0;
}

void append_cells(const DilatedBlocks& part, const BlockGrid& grid, std::int64_t head, int,
                  std::vector<BlockCells>& cells) {
    cells.push_back(band_cells(grid, 0, 0));
    for (std::int64_t rate : rates_of(part, head)) {
        cells.push_back(band_cells(grid, rate, rate));
        cells.push_back(band_cells(grid, -rate, -rate));
    }
}

} // namespace dilascope
