// Coverage over heads and the phase planner against the predicate.
#include "engine/analysis/heads.h"
#include "engine/analysis/phase_plan.h"
#include "tests/catch.h"
#include "tests/engine/analysis_case.h"
#include <chrono>
#include <cstdlib>

using namespace dilascope;

namespace {

std::vector<std::int64_t> counted_by_heads(const AnalysisCase& c, const std::vector<std::int64_t>& heads) {
    const Problem& p = c.problem();
    std::vector<std::int64_t> counts(heads.size() + 1, 0);
    for (std::int64_t q = 0; q < p.seq_len; ++q)
        for (std::int64_t k = 0; k < p.kv_len; ++k) {
            if (p.causal && k > query_position(p, q)) continue;
            std::size_t readers = 0;
            for (std::int64_t head : heads) readers += c.multiplicity_of(head, q, k) > 0;
            ++counts[readers];
        }
    return counts;
}

// Pairs that heads at these offsets read, from the definition of the dilated pattern.
std::int64_t covered_at(const Dilated& dilated, const Problem& p, const std::vector<std::int64_t>& offsets) {
    std::int64_t covered = 0;
    for (std::int64_t q = 0; q < p.seq_len; ++q)
        for (std::int64_t k = 0; k < p.kv_len; ++k) {
            const std::int64_t position = query_position(p, q);
            if (p.causal && k > position) continue;
            bool read = false;
            for (std::int64_t offset : offsets)
                for (std::size_t b = 0; b < dilated.segment_lengths.size(); ++b) {
                    const std::int64_t w = std::min(dilated.segment_lengths[b], p.kv_len),
                                       r = dilated.dilation_rates[b];
                    read |= position / w == k / w && position % w % r == offset % r && k % w % r == offset % r;
                }
            covered += read;
        }
    return covered;
}

} // namespace

TEST_CASE("pairs by number of heads equal counting", "[analysis]") {
    std::mt19937_64 random(71);
    int seen = 0;
    for (int trial = 0; trial < 150; ++trial) {
        const auto c = random_case(random, {1, 2, 17, 64, 127, 160});
        if (!c) continue;
        ++seen;
        std::vector<std::int64_t> heads;
        for (std::int64_t head = 0; head < c->problem().heads; ++head)
            if (trial % 2 == 0 || pick(random, 0, 1) == 0) heads.push_back(head);
        if (heads.empty()) heads.push_back(0);
        INFO(c->text() << ", " << heads.size() << " heads");
        const auto expected = counted_by_heads(*c, heads);
        const HeadCoverage found = head_coverage(c->plan, heads).value();
        REQUIRE(found.pairs_by_heads == expected);
        REQUIRE(found.allowed() == allowed_pairs(c->problem()));
        REQUIRE(covered_pairs(c->plan, heads).value() == found.covered());
    }
    REQUIRE(seen > 100);
}

TEST_CASE("a phase plan is never worse, and its coverages are exact", "[analysis]") {
    std::mt19937_64 random(72);
    int with_mode = 0, with_offsets = 0;
    for (int trial = 0; trial < 80; ++trial) {
        Problem p = random_problem(random, {16, 60, 100});
        p.heads = p.kv_heads = pick(random, 1, 5);
        Dilated dilated = random_dilated(random, p.kv_len, p.heads);
        dilated.mix = MixMode(pick(random, 0, 4));
        if (!validate(Pattern{dilated}, p)) continue;
        INFO(to_text(Pattern{dilated}) << " N " << p.seq_len << " M " << p.kv_len << " H " << p.heads);
        const PhasePlan plan = plan_phases(dilated, p).value();
        std::vector<std::int64_t> heads(static_cast<std::size_t>(p.heads));
        std::iota(heads.begin(), heads.end(), 0);
        const auto covered = [&](PhaseMode mode) {
            Dilated changed = dilated;
            changed.phase = mode;
            if (mode != PhaseMode::list) changed.offsets.clear();
            const AnalysisCase c{Pattern{changed}, make_plan(Pattern{changed}, p).value()};
            return allowed_pairs(p) - counted_by_heads(c, heads).front();
        };
        REQUIRE(plan.allowed == allowed_pairs(p));
        REQUIRE(plan.covered_now == covered(dilated.phase));
        REQUIRE(plan.covered_best >= plan.covered_now);
        for (int mode = 0; mode < 4; ++mode) REQUIRE(plan.covered_best >= covered(PhaseMode(mode)));
        REQUIRE((plan.mode.has_value() || !plan.offsets.empty()) == (plan.covered_best > plan.covered_now));
        if (plan.mode) REQUIRE(plan.covered_best == covered(*plan.mode));
        if (!plan.offsets.empty()) {
            REQUIRE(!plan.mode);
            REQUIRE(plan.offsets.size() == std::size_t(p.heads));
            REQUIRE(plan.covered_best == covered_at(dilated, p, plan.offsets));
            Dilated applied = dilated;
            applied.phase = PhaseMode::list, applied.offsets = plan.offsets;
            const AnalysisCase c{Pattern{applied}, make_plan(Pattern{applied}, p).value()};
            REQUIRE(plan.covered_best == allowed_pairs(p) - counted_by_heads(c, heads).front());
        }
        if (dilated.heads == HeadMode::all) REQUIRE(plan.covered_best <= plan.covered_all);
        with_mode += plan.mode.has_value(), with_offsets += !plan.offsets.empty();
    }
    REQUIRE(with_mode > 5);
    REQUIRE(with_offsets > 2);
}

TEST_CASE("the phase plan closes known holes", "[analysis]") {
    // Four heads, one branch of rate 4: with one phase for all, a quarter of the rows; head_mod reads all of them.
    Dilated dilated;
    dilated.segment_lengths = {16}, dilated.dilation_rates = {4}, dilated.phase = PhaseMode::zero;
    const PhasePlan plan = plan_phases(dilated, self_attention(64, 4, 8)).value();
    REQUIRE(plan.covered_now == 4 * 16);
    REQUIRE(plan.covered_best == 4 * 64);
    REQUIRE(plan.covered_all == plan.covered_best);
    REQUIRE(plan.mode == PhaseMode::head_mod);
    // Two heads, rates 2 and 4: phases 0 and 1 of rate 2 hold those of rate 4, nothing can be won.
    dilated.segment_lengths = {16, 16}, dilated.dilation_rates = {2, 4}, dilated.phase = PhaseMode::head_mod;
    const PhasePlan done = plan_phases(dilated, self_attention(64, 2, 8)).value();
    REQUIRE(done.covered_best == done.covered_now);
    REQUIRE((!done.mode && done.offsets.empty()));
    const CancelFlag cancel{true};
    REQUIRE(plan_phases(dilated, self_attention(64, 2, 8), &cancel).error().what == "covered pairs: cancelled");
}

TEST_CASE("coverage over heads at a million tokens", "[analysis][slow]") {
    for (bool causal : {false, true})
        for (const char* text :
             {"longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12", "window left=32768 right=32768",
              "seed segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12"}) {
            const auto time_of = [](auto&& work) {
                const auto start = std::chrono::steady_clock::now();
                work();
                return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            };
            const AnalysisCase c = analysis_case(text, self_attention(1 << 20, 12, 64, causal));
            std::vector<std::int64_t> heads(12);
            std::iota(heads.begin(), heads.end(), 0);
            HeadCoverage found;
            std::int64_t covered = 0;
            const double all_s = time_of([&] { found = head_coverage(c.plan, heads).value(); });
            const double union_s = time_of([&] { covered = covered_pairs(c.plan, heads).value(); });
            CHECK(found.covered() == covered);
            // The heads' own counts add up to the pairs weighted by how many heads read them.
            std::int64_t by_heads = 0, by_head = 0;
            for (std::size_t m = 0; m < found.pairs_by_heads.size(); ++m)
                by_heads += std::int64_t(m) * found.pairs_by_heads[m];
            for (std::int64_t head : heads) by_head += covered_pairs(c.plan, {&head, 1}).value();
            CHECK(by_heads == by_head);
            double plan_s = 0;
            if (const Dilated* dilated = std::get_if<Dilated>(&c.pattern.kind))
                plan_s = time_of([&] { CHECK(plan_phases(*dilated, c.problem()).has_value()); });
            CHECK(all_s < 20);
            CHECK(union_s < 10);
            if (std::getenv("DILASCOPE_TIMES"))
                WARN("by heads " << all_s << " s, union " << union_s << " s, phases " << plan_s << " s " << c.text());
        }
}
