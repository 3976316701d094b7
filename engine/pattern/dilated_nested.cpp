#include "engine/pattern/dilated_nested.h"
#include "engine/pattern/pixels.h"
#include "engine/pattern/residues.h"
#include "engine/pattern/signed_union.h"
#include <algorithm>

namespace dilascope {

namespace {

// One picture row, counted segment by segment or many segments at once.
class SegmentCounter {
public:
    SegmentCounter(const Problem& problem, Range rows, std::span<const std::int64_t> edges,
                   std::span<std::int64_t> counts)
        : problem_(problem), rows_(rows), edges_(edges), counts_(counts) {}

    // Adds sign · Σ terms of the pairs that share a segment of this length.
    void add(std::int64_t length, std::span<const DilatedTerm> terms, std::int64_t sign) {
        scaled_.assign(terms.begin(), terms.end());
        for (DilatedTerm& term : scaled_) term.sign *= sign;
        const std::int64_t first = rows_.begin / length, last = (rows_.end - 1) / length;
        const std::int64_t whole_begin = rows_.begin % length == 0 ? first : first + 1;
        const std::int64_t whole_end = rows_.end % length == 0 ? last + 1 : last;
        if (last - first < 2 || whole_end - whole_begin < 2) {
            for (std::int64_t segment = first; segment <= last; ++segment) add_segment(segment, length);
            return;
        }
        if (first < whole_begin) add_segment(first, length);
        add_whole(whole_begin, whole_end, length);
        if (last >= whole_end) add_segment(last, length);
    }

    // The same difference, add(length) − add(shorter), when all rows lie in one segment of each length: the keys of the
    // one without those of the other. False when they do not.
    bool add_ring(std::int64_t length, std::int64_t shorter, std::span<const DilatedTerm> terms) {
        if (shorter == 0 || rows_.begin / shorter != (rows_.end - 1) / shorter) return false;
        const auto segment = [&](std::int64_t size) {
            const std::int64_t begin = rows_.begin / size * size;
            return Range{begin, std::min(begin + size, problem_.kv_len)};
        };
        const Range outer = segment(length), inner = segment(shorter);
        add_pixels(terms, rows_, {outer.begin, inner.begin}, problem_.causal, edges_, counts_);
        add_pixels(terms, rows_, {inner.end, outer.end}, problem_.causal, edges_, counts_);
        return true;
    }

private:
    void add_segment(std::int64_t segment, std::int64_t length) {
        const Range keys{segment * length, std::min((segment + 1) * length, problem_.kv_len)};
        add_pixels(scaled_, intersect(rows_, keys), keys, problem_.causal, edges_, counts_);
    }

    // Segments [begin, end), which lie in the rows_: those inside a pixel at once, those an edge cuts one by one.
    void add_whole(std::int64_t begin, std::int64_t end, std::int64_t length) {
        for (std::size_t pixel = pixel_at(edges_, begin * length);
             pixel < counts_.size() && edges_[pixel] < end * length; ++pixel) {
            const Range keys = intersect({edges_[pixel], edges_[pixel + 1]}, {begin * length, end * length});
            if (keys.size() == 0) continue;
            const Range inside{(keys.begin + length - 1) / length, keys.end / length};
            if (inside.size() > 0) counts_[pixel] += whole_segments(inside, length);
            const std::int64_t first = keys.begin / length, last = (keys.end - 1) / length;
            if (!inside.contains(first)) add_cut(pixel, keys, first, length);
            if (last != first && !inside.contains(last)) add_cut(pixel, keys, last, length);
        }
    }

    void add_cut(std::size_t pixel, Range keys, std::int64_t segment, std::int64_t length) {
        const Range own{segment * length, (segment + 1) * length};
        for (const DilatedTerm& term : scaled_)
            counts_[pixel] += term.sign * term_pairs(term.residues, own, intersect(keys, own), problem_.causal);
    }

    std::int64_t whole_segments(Range segments, std::int64_t length) const {
        std::int64_t pairs = 0;
        for (const DilatedTerm& term : scaled_) {
            const std::int64_t few = length / term.residues.modulus; // members of a segment: few or few + 1
            const std::int64_t members = count_in(term.residues, {segments.begin * length, segments.end * length});
            const std::int64_t fuller = members - few * segments.size();
            const auto pairs_of = [&](std::int64_t n) { return problem_.causal ? n * (n + 1) / 2 : n * n; };
            pairs += term.sign * (fuller * pairs_of(few + 1) + (segments.size() - fuller) * pairs_of(few));
        }
        return pairs;
    }

    const Problem& problem_;
    Range rows_;
    std::span<const std::int64_t> edges_;
    std::span<std::int64_t> counts_;
    std::vector<DilatedTerm> scaled_;
};

} // namespace

void unite(std::vector<DilatedTerm>& terms, Residues added) {
    unite_signed(
        terms, DilatedTerm{added, 1},
        [](const DilatedTerm& a, const DilatedTerm& b, DilatedTerm& both) {
            return intersect(a.residues, b.residues, both.residues);
        },
        [](const DilatedTerm& a, const DilatedTerm& b) { return a.residues == b.residues; });
}

std::int64_t term_pairs(Residues c, Range rows, Range keys, bool causal) {
    if (!causal || keys.end <= rows.begin + 1) return count_in(c, rows) * count_in(c, keys);
    return pairs_at_or_below({first_index(c, rows.begin), first_index(c, rows.end)},
                             {first_index(c, keys.begin), first_index(c, keys.end)}, 0);
}

void add_pixels(std::span<const DilatedTerm> terms, Range rows, Range keys, bool causal,
                std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    if (causal) keys.end = std::min(keys.end, rows.end);
    if (keys.size() == 0) return;
    const std::size_t first = pixel_at(edges, keys.begin);
    for (const DilatedTerm& term : terms) {
        const std::int64_t weight = term.sign * count_in(term.residues, rows);
        if (weight == 0) continue;
        std::int64_t low = first_index(term.residues, std::max(keys.begin, edges[first]));
        for (std::size_t pixel = first; pixel < counts.size() && edges[pixel] < keys.end; ++pixel) {
            const Range seen = intersect(keys, {edges[pixel], edges[pixel + 1]});
            if (seen.size() == 0) continue;
            const std::int64_t high = first_index(term.residues, seen.end); // one division a pixel: its begin is known
            if (causal && seen.end > rows.begin + 1)
                counts[pixel] += term.sign * term_pairs(term.residues, rows, seen, causal);
            else
                counts[pixel] += weight * (high - low);
            low = high;
        }
    }
}

bool is_nested(std::span<const BranchView> views, std::int64_t kv_len) {
    std::vector<std::int64_t> lengths;
    for (const BranchView& view : views) {
        if (view.segment_length < kv_len && view.segment_length % view.rate != 0) return false;
        lengths.push_back(view.segment_length);
    }
    std::ranges::sort(lengths);
    for (std::size_t index = 1; index < lengths.size(); ++index)
        if (lengths[index] < kv_len && lengths[index] % lengths[index - 1] != 0) return false;
    return true;
}

void count_nested(std::span<const BranchView> views, const Problem& problem, Range rows,
                  std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    if (rows.size() == 0 || views.empty()) return;
    std::vector<BranchView> ascending(views.begin(), views.end());
    std::ranges::stable_sort(ascending, {}, &BranchView::segment_length);
    SegmentCounter counter(problem, rows, edges, counts);
    std::vector<DilatedTerm> terms; // of the branches from the level on
    for (std::size_t level = ascending.size(); level-- > 0;) {
        const BranchView& view = ascending[level];
        unite(terms, {view.phase % view.rate, view.rate});
        if (level > 0 && ascending[level - 1].segment_length == view.segment_length) continue; // its level is counted
        const std::int64_t shorter = level > 0 ? ascending[level - 1].segment_length : 0;
        if (counter.add_ring(view.segment_length, shorter, terms)) continue;
        counter.add(view.segment_length, terms, 1);
        if (level > 0) counter.add(shorter, terms, -1);
    }
}

} // namespace dilascope
