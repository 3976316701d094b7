#include "engine/pattern/pairs.h"

namespace dilascope {

std::int64_t pairs_at_or_below(Range rows, Range columns, std::int64_t diagonal) {
    if (rows.size() == 0 || columns.size() == 0) return 0;
    // Row u sees the columns v ≤ u + diagonal: none before row `rise`, all from row `full`, one more each row between.
    const std::int64_t rise = std::clamp(columns.begin - diagonal, rows.begin, rows.end);
    const std::int64_t full = std::clamp(columns.end - 1 - diagonal, rows.begin, rows.end);
    std::int64_t pairs = (rows.end - full) * columns.size();
    if (full > rise) {
        const std::int64_t first = rise + diagonal - columns.begin + 1, count = full - rise;
        const std::int64_t last = first + count - 1, sum = first + last;
        pairs += count % 2 == 0 ? count / 2 * sum : count * (sum / 2); // an odd count makes the sum even
    }
    return pairs;
}

} // namespace dilascope
