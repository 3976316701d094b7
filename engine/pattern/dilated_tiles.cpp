// Query tiles of dilated patterns. Rows with the same branch membership and the same segments see the same keys, so
// they share tiles; segments repeat, so one period (the least common multiple of the segment lengths) is stored.
#include "engine/pattern/common_multiple.h"
#include "engine/pattern/dilated.h"
#include "engine/plan/plan_builder.h"
#include <map>

namespace dilascope {

namespace {

struct BranchOfHead {
    int branch;
    BranchView view;
};

KeyRun segment_run(const BranchOfHead& branch, Range segment) {
    const std::int64_t count = (segment.size() - branch.view.phase + branch.view.rate - 1) / branch.view.rate;
    return {segment.begin + branch.view.phase, std::int32_t(branch.view.rate),
            std::int32_t(std::max<std::int64_t>(0, count)), std::int32_t(branch.branch), Band{}};
}

// All tiles of the rows in [span.begin, span.end): pieces between segment ends, in each piece rows grouped by
// membership.
void append_span(std::span<const BranchOfHead> branches, Range span, std::int64_t kv_len, PlanBuilder& builder) {
    std::vector<BranchSet> membership;
    std::vector<Range> segments(branches.size());
    for (std::int64_t begin = span.begin; begin < span.end;) {
        Range piece{begin, span.end};
        for (std::size_t index = 0; index < branches.size(); ++index) {
            segments[index] = segment_of(branches[index].view, begin, kv_len);
            piece = intersect(piece, segments[index]);
        }
        membership.assign(std::size_t(piece.size()), 0);
        for (std::size_t index = 0; index < branches.size(); ++index) {
            const Residues kept{0, branches[index].view.rate};
            const std::int64_t origin = segments[index].begin + branches[index].view.phase;
            for (std::int64_t row = origin + first_index(kept, piece.begin - origin) * kept.modulus; row < piece.end;
                 row += kept.modulus)
                membership[std::size_t(row - piece.begin)] |= BranchSet{1} << index;
        }
        std::map<BranchSet, std::vector<std::int64_t>> rows_by_membership;
        for (std::int64_t row = piece.begin; row < piece.end; ++row)
            if (const BranchSet set = membership[std::size_t(row - piece.begin)])
                rows_by_membership[set].push_back(row);
        for (const auto& [set, rows] : rows_by_membership) {
            std::vector<KeyRun> runs;
            for (std::size_t index = 0; index < branches.size(); ++index)
                if (set >> index & 1) runs.push_back(segment_run(branches[index], segments[index]));
            builder.append(rows, runs);
        }
        begin = piece.end;
    }
}

// The tiles of one pass: what precedes the first whole period after the first query, the whole periods, the tail.
void append_pass(int pass, std::span<const BranchOfHead> branches, const Problem& problem, PlanBuilder& builder) {
    std::int64_t period = 1;
    for (const BranchOfHead& branch : branches)
        period = common_multiple(period, branch.view.segment_length, problem.kv_len);
    const std::int64_t first_query = problem.kv_len - problem.seq_len;
    const std::int64_t first_whole = (first_query + period - 1) / period, periods = problem.kv_len / period;
    const std::int64_t whole_end = std::max(first_whole, periods) * period;
    builder.begin_list(pass);
    append_span(branches, {first_query, std::min(first_whole * period, problem.kv_len)}, problem.kv_len, builder);
    if (periods > first_whole) {
        builder.begin_list(pass, periods - first_whole, period, period);
        append_span(branches, {first_whole * period, (first_whole + 1) * period}, problem.kv_len, builder);
    }
    builder.begin_list(pass);
    append_span(branches, {whole_end, problem.kv_len}, problem.kv_len, builder);
}

} // namespace

void append_tiles(const Dilated& dilated, const Problem& problem, std::int64_t head, PlanBuilder& builder) {
    std::vector<BranchOfHead> branches;
    for (int branch = 0; branch < branch_count(dilated); ++branch)
        if (const BranchView view = branch_view(dilated, problem, head, branch); view.takes_part)
            branches.push_back({branch, view});
    if (branches.empty()) return;
    if (is_joint_softmax(dilated.mix)) {
        append_pass(0, branches, problem, builder);
        return;
    }
    for (const BranchOfHead& branch : branches) append_pass(branch.branch, {&branch, 1}, problem, builder);
}

} // namespace dilascope
