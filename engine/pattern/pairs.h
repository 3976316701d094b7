#pragma once
// Rectangles of the (query position, key) plane and exact closed-form pair counts inside them.
#include <algorithm>
#include <cstdint>

namespace dilascope {

// Half-open interval of tokens.
struct Range {
    std::int64_t begin = 0, end = 0;
    std::int64_t size() const { return std::max<std::int64_t>(0, end - begin); }
    bool contains(std::int64_t token) const { return begin <= token && token < end; }
    friend bool operator==(const Range&, const Range&) = default;
};
inline Range intersect(Range a, Range b) { return {std::max(a.begin, b.begin), std::min(a.end, b.end)}; }

// A residue class of tokens: residue, residue + modulus, … (0 ≤ residue < modulus).
struct Residues {
    std::int64_t residue = 0, modulus = 1;
    friend bool operator==(const Residues&, const Residues&) = default;
};

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a ^ b) < 0); }
inline std::int64_t floor_mod(std::int64_t a, std::int64_t b) { return a - floor_div(a, b) * b; }

// Index of the first member ≥ token: members are residue + modulus·index.
inline std::int64_t first_index(Residues c, std::int64_t token) {
    if (c.modulus == 1) return token - c.residue; // most classes; a division is most of the time of a count
    return floor_div(token - c.residue + c.modulus - 1, c.modulus);
}
// How many members lie in the range.
inline std::int64_t count_in(Residues c, Range r) {
    return r.size() == 0 ? 0 : first_index(c, r.end) - first_index(c, r.begin);
}

// Pairs (u, v), u in rows, v in columns, with v − u ≤ diagonal. Exact while the answer fits in 63 bits.
std::int64_t pairs_at_or_below(Range rows, Range columns, std::int64_t diagonal);

} // namespace dilascope
