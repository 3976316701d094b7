#include "engine/pattern/column_counts.h"
#include "engine/vector_clones.h"
#include <bit>

namespace dilascope {

namespace {

// plane, carry := sum and carry of the three words.
VECTOR_CLONES void add_two(std::uint64_t* plane, std::uint64_t* carry, const std::uint64_t* a, const std::uint64_t* b,
                           std::int64_t words) {
    for (std::int64_t word = 0; word < words; ++word) {
        const std::uint64_t half = plane[word] ^ a[word];
        carry[word] = (plane[word] & a[word]) | (half & b[word]);
        plane[word] = half ^ b[word];
    }
}

// plane, carry := sum and carry of the two words.
VECTOR_CLONES void add_carry(std::uint64_t* plane, std::uint64_t* carry, std::int64_t words) {
    for (std::int64_t word = 0; word < words; ++word) {
        const std::uint64_t both = plane[word] & carry[word];
        plane[word] ^= carry[word];
        carry[word] = both;
    }
}

} // namespace

ColumnEdges::ColumnEdges(std::span<const std::int64_t> edges, std::int64_t block)
    : block_(block), first_word_(edges.front() / block / 64), pixels_(edges) {
    const std::int64_t end = (edges.back() + block - 1) / block;
    words_ = std::size_t(std::max<std::int64_t>(0, (end + 63) / 64 - first_word_));
    for (const BlockPlace& place : block_places(edges, block)) {
        const int bit = int(place.block % 64);
        cut_blocks_ |= place.rest > 0;
        edges_.push_back({std::size_t(place.block / 64 - first_word_), (std::uint64_t{1} << bit) - 1, bit, place.rest});
    }
}

ColumnCounts::ColumnCounts(const ColumnEdges& edges)
    : edges_(edges), carry_(edges.words()), before_(edges.words() + 1) {
    for (std::vector<std::uint64_t>& plane : plane_) plane.resize(edges.words() + 1);
}

void ColumnCounts::start() {
    const int used = int(std::bit_width(unsigned(rows_)));
    for (int index = 0; index < used; ++index) std::fill_n(plane_[std::size_t(index)].begin(), words_used_, 0);
    rows_ = 0, words_used_ = 0;
}

void ColumnCounts::add(std::span<const std::uint64_t> row, std::int64_t end) {
    const std::int64_t bits = std::int64_t(edges_.words()) * 64;
    const Row added{row.data() + edges_.first_word(),
                    std::clamp<std::int64_t>(end - edges_.first_word() * 64, 0, bits)};
    words_used_ = std::max(words_used_, (added.end + 63) / 64);
    if (++rows_ % 2 == 0)
        add_pair(waiting_, added);
    else
        waiting_ = added;
}

std::uint64_t ColumnCounts::Row::word(std::int64_t index) const {
    const std::int64_t bits = end - index * 64;
    if (bits <= 0) return 0;
    return bits >= 64 ? words[index] : words[index] & ((std::uint64_t{1} << bits) - 1);
}

void ColumnCounts::add_pair(const Row& first, const Row& second) {
    std::uint64_t *plane = plane_[0].data(), *carry = carry_.data();
    const std::int64_t whole = std::min(first.end, second.end) / 64;
    add_two(plane, carry, first.words, second.words, whole);
    for (std::int64_t word = whole; word < words_used_; ++word) {
        const std::uint64_t a = first.word(word), b = second.word(word);
        add_two(plane + word, carry + word, &a, &b, 1);
    }
    add_carries(1);
}

void ColumnCounts::add_waiting() {
    for (std::int64_t word = 0; word < words_used_; ++word) carry_[std::size_t(word)] = waiting_.word(word);
    add_carries(0);
}

// Carries have the weight of the first plane.
void ColumnCounts::add_carries(int first_plane) {
    for (int index = first_plane; index < int(std::bit_width(unsigned(rows_))); ++index)
        add_carry(plane_[std::size_t(index)].data(), carry_.data(), words_used_);
}

void ColumnCounts::write_tokens(std::span<std::int64_t> tokens) {
    if (rows_ % 2 == 1) add_waiting();
    int used = std::max(1, int(std::bit_width(unsigned(rows_))));
    const auto holds_bits = [](std::uint64_t word) { return word != 0; };
    while (used > 1 && std::ranges::none_of(plane_[std::size_t(used - 1)], holds_bits)) --used; // of sparse patterns
    switch (used) {
    case 1: return write_tokens_of<1>(tokens);
    case 2: return write_tokens_of<2>(tokens);
    case 3: return write_tokens_of<3>(tokens);
    case 4: return write_tokens_of<4>(tokens);
    case 5: return write_tokens_of<5>(tokens);
    default: return write_tokens_of<6>(tokens);
    }
}

template <int Used> void ColumnCounts::write_tokens_of(std::span<std::int64_t> tokens) {
    if (edges_.cut_blocks()) return write_tokens_of<Used, true>(tokens);
    return write_tokens_of<Used, false>(tokens);
}

// A running total over the tokens before each edge makes a pixel a difference. Used: the planes that hold bits; a
// constant, for the loops over them to be unrolled: they are most of the time a picture takes. Cuts: whether an edge
// lies inside a block.
template <int Used, bool Cuts> void ColumnCounts::write_tokens_of(std::span<std::int64_t> tokens) {
    const std::uint64_t* plane[Used];
    for (int index = 0; index < Used; ++index) plane[index] = plane_[std::size_t(index)].data();
    std::int32_t* before = before_.data();
    before[0] = 0;
    for (std::size_t word = 0; word < edges_.words(); ++word) {
        std::int32_t cells = 0;
        for (int index = 0; index < Used; ++index) cells += std::popcount(plane[index][word]) << index;
        before[word + 1] = before[word] + cells;
    }
    const std::int64_t block = edges_.block();
    const ColumnEdges::Edge* edges = edges_.all().data();
    const auto tokens_before = [&](const ColumnEdges::Edge& edge) {
        std::int32_t cells = before[edge.word];
        std::int64_t cut = 0; // rows that hold the edge's block
        for (int index = 0; index < Used; ++index) {
            const std::uint64_t word = plane[index][edge.word];
            cells += std::popcount(word & edge.before) << index;
            if (Cuts) cut += std::int64_t(word >> edge.bit & 1) << index;
        }
        return cells * block + (Cuts ? cut * edge.rest : 0);
    };
    const std::size_t seen = std::min(edges_.pixels_before((edges_.first_word() + words_used_) * 64), tokens.size());
    std::int64_t low = tokens_before(edges[0]);
    for (std::size_t pixel = 0; pixel < seen; ++pixel) {
        const std::int64_t high = tokens_before(edges[pixel + 1]);
        tokens[pixel] = high - low;
        low = high;
    }
    std::fill(tokens.begin() + std::ptrdiff_t(seen), tokens.end(), 0);
}

} // namespace dilascope
