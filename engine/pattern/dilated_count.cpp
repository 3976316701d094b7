// Exact pair counts of dilated patterns, closed form. Where the set of segments a query piece shares with a key
// interval is constant, "some shared branch keeps both tokens" is a signed sum of residue classes (inclusion–exclusion,
// where the intersection of two classes is again a class, by the Chinese remainder theorem). So no table grows with N,
// residues may be segment-local (segment mod rate ≠ 0), and causality is a triangle count on the class's own indices.
#include "engine/pattern/common_multiple.h"
#include "engine/pattern/dilated_nested.h"
#include <map>

namespace dilascope {

namespace {

Residues class_of(const BranchView& view, Range segment) {
    return {(segment.begin + view.phase) % view.rate, view.rate};
}

void count_branch(const BranchView& view, const Problem& problem, Range rows, std::span<const std::int64_t> edges,
                  std::span<std::int64_t> counts) {
    if (is_nested({&view, 1}, problem.kv_len)) return count_nested({&view, 1}, problem, rows, edges, counts);
    for (std::int64_t position = rows.begin; position < rows.end;) {
        const Range segment = segment_of(view, position, problem.kv_len);
        const DilatedTerm term{class_of(view, segment), 1};
        add_pixels({&term, 1}, intersect(rows, segment), segment, problem.causal, edges, counts);
        position = segment.end;
    }
}

// The union of classes as a signed sum. The same few unions are asked for again and again, row after row: a thread
// keeps them.
std::span<const DilatedTerm> united(const std::vector<Residues>& classes) {
    constexpr std::size_t most_kept = 1024;
    thread_local std::map<std::vector<std::int64_t>, std::vector<DilatedTerm>> kept;
    thread_local std::vector<std::int64_t> key;
    key.clear();
    for (const Residues& one : classes) key.push_back(one.residue), key.push_back(one.modulus);
    const auto found = kept.find(key);
    if (found != kept.end()) return found->second;
    if (kept.size() >= most_kept) kept.clear();
    std::vector<DilatedTerm>& terms = kept[key];
    for (const Residues& one : classes) unite(terms, one);
    return terms;
}

// The segments of all branches around a piece of rows; cuts the keys where the set of shared segments changes.
void count_piece(std::span<const BranchView> views, std::span<const Range> segments, Range piece, bool causal,
                 std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    thread_local std::vector<std::int64_t> cuts;
    cuts.clear();
    for (const Range& segment : segments) cuts.push_back(segment.begin), cuts.push_back(segment.end);
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    thread_local std::vector<Residues> classes;
    for (std::size_t cut = 0; cut + 1 < cuts.size(); ++cut) {
        const Range keys{cuts[cut], cuts[cut + 1]};
        if (keys.end <= edges.front() || keys.begin >= edges.back() || (causal && keys.begin >= piece.end)) continue;
        classes.clear();
        for (std::size_t index = 0; index < views.size(); ++index)
            if (segments[index].contains(keys.begin)) classes.push_back(class_of(views[index], segments[index]));
        add_pixels(united(classes), piece, keys, causal, edges, counts);
    }
}

// The common multiple of the segment lengths, after which everything repeats; kv_len when it is longer.
std::int64_t period_of(std::span<const BranchView> views, std::int64_t kv_len) {
    std::int64_t period = 1;
    for (const BranchView& view : views) period = common_multiple(period, view.segment_length, kv_len);
    return period;
}

void count_rows(std::span<const BranchView> views, const Problem& problem, Count what, Range rows,
                std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    if (what.what != Count::active_pairs || views.size() == 1) {
        for (const BranchView& view : views) count_branch(view, problem, rows, edges, counts);
        return;
    }
    if (is_nested(views, problem.kv_len)) {
        count_nested(views, problem, rows, edges, counts);
        return;
    }
    std::vector<Range> segments(views.size());
    for (std::int64_t position = rows.begin; position < rows.end && !views.empty();) {
        Range piece{position, rows.end};
        for (std::size_t index = 0; index < views.size(); ++index) {
            segments[index] = segment_of(views[index], position, problem.kv_len);
            piece = intersect(piece, segments[index]);
        }
        count_piece(views, segments, piece, problem.causal, edges, counts);
        position = piece.end;
    }
}

} // namespace

void count_row(const Dilated& dilated, const Problem& problem, std::int64_t head, Count what, Range rows,
               std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    std::vector<BranchView> views;
    for (int branch = 0; branch < branch_count(dilated); ++branch) {
        const BranchView view = branch_view(dilated, problem, head, branch);
        if (!view.takes_part || (what.what == Count::branch_pairs && what.branch != branch)) continue;
        views.push_back(view);
    }
    const std::int64_t period = period_of(views, problem.kv_len);
    const Range whole{(rows.begin + period - 1) / period, rows.end / period}; // periods that lie in the rows
    const bool every_key = counts.size() == 1 && edges.front() <= 0 && edges.back() >= problem.kv_len;
    if (!every_key || whole.size() < 2) {
        count_rows(views, problem, what, rows, edges, counts);
        return;
    }
    // No pair leaves its period, and all whole periods are alike.
    std::int64_t one = 0;
    count_rows(views, problem, what, {whole.begin * period, (whole.begin + 1) * period}, edges, {&one, 1});
    counts[0] += one * whole.size();
    count_rows(views, problem, what, {rows.begin, whole.begin * period}, edges, counts);
    count_rows(views, problem, what, {whole.end * period, rows.end}, edges, counts);
}

} // namespace dilascope
