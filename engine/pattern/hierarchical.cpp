#include "engine/pattern/hierarchical.h"
#include <charconv>
#include <fmt/format.h>

namespace dilascope {

namespace {

bool parse_tokens(std::string_view text, std::int64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value >= 0;
}

// Block rows of a level: multiples of the stride in blocks, at least every row.
std::int64_t row_step(const Level& level, std::int64_t block) {
    return std::max<std::int64_t>(1, level.stride / block);
}

std::int64_t half_window(const Level& level, std::int64_t block) {
    return level.window == Level::all ? Band::open : level.window / block / 2;
}

} // namespace

std::string level_text(const std::vector<Level>& levels) {
    std::string text;
    for (const Level& level : levels)
        text += fmt::format("{}{}:{}", text.empty() ? "" : ",", level.stride,
                            level.window == Level::all ? "all" : std::to_string(level.window));
    return text;
}

Result<std::vector<Level>> parse_levels(std::string_view text) {
    std::vector<Level> levels;
    while (true) {
        const std::string_view part = text.substr(0, text.find(','));
        const std::size_t colon = part.find(':');
        Level level;
        const bool is_pair = colon != std::string_view::npos && parse_tokens(part.substr(0, colon), level.stride);
        const std::string_view window = is_pair ? part.substr(colon + 1) : std::string_view();
        level.window = Level::all;
        if (!is_pair || (window != "all" && !parse_tokens(window, level.window)))
            return fail(fmt::format("\"{}\" is not stride:window; write e.g. 64:256,256:1024,1024:all", part));
        levels.push_back(level);
        if (part.size() == text.size()) return levels;
        text.remove_prefix(part.size() + 1);
    }
}

Result<void> validate(const Hierarchical& part, const Problem&) {
    constexpr std::size_t most_levels = 16;
    if (part.levels.empty() || part.levels.size() > most_levels)
        return fail(fmt::format("hierarchical: {} levels; expected 1 … {}", part.levels.size(), most_levels));
    for (const Level& level : part.levels) {
        if (level.stride < 1 || level.stride > std::int64_t{1} << 40)
            return fail(fmt::format("hierarchical: levels has stride {}; expected 1 … 2^40 tokens", level.stride));
        if (level.window > std::int64_t{1} << 40)
            return fail(
                fmt::format("hierarchical: levels has window {}; expected at most 2^40 tokens, or all", level.window));
    }
    return {};
}

BranchSet branches(const Hierarchical& part, const BlockGrid&, std::int64_t, std::int64_t row, std::int64_t column) {
    for (const Level& level : part.levels)
        if (row % row_step(level, part.block) == 0 && std::abs(row - column) <= half_window(level, part.block))
            return 1;
    return 0;
}

void append_cells(const Hierarchical& part, const BlockGrid& grid, std::int64_t, int, std::vector<BlockCells>& cells) {
    for (const Level& level : part.levels) {
        const std::int64_t half = half_window(level, part.block);
        cells.push_back({{0, row_step(level, part.block)}, {}, {0, grid.count}, {0, grid.count}, {-half, half}});
    }
}

} // namespace dilascope
