// The keys whose gradients slices of a key head sum in copies: those that several of them read.
#include "engine/backends/cpu/copied_keys.h"
#include "engine/backends/cpu/gradient_unit.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include <set>

using namespace dilascope;

namespace {

// The slices of a key head that have a row that sees the key.
std::size_t slices_seeing(const Pattern& pattern, const Plan& plan, std::span<const GradientSlice> slices,
                          std::int64_t key) {
    std::size_t seeing = 0;
    for (const GradientSlice& slice : slices)
        seeing += std::ranges::any_of(slice.items, [&](const WorkItem& item) {
            std::array<std::int64_t, max_tile_rows> rows;
            const int count = tile_rows(plan, item, rows.data());
            return std::any_of(rows.begin(), rows.begin() + count, [&](std::int64_t row) {
                return multiplicity(pattern, plan.problem, item.head, row, key) > 0;
            });
        });
    return seeing;
}

} // namespace

TEST_CASE("cpu: keys that rows of several slices see are copied, and no others", "[engine]") {
    struct Case {
        const char* pattern;
        bool causal, banded; // a band leaves out keys of a run: these may be copied too
    };
    for (const Case& c :
         {Case{"longnet segments=32,200 rates=1,6", false, false}, Case{"dilated segments=250 rates=5", false, false},
          Case{"dense", true, true}, Case{"random block=32 density=0.1", false, false},
          Case{"window left=40 right=7", false, true},
          Case{"random block=32 density=0.1 order=hilbert use=sequence", false, false}})
        for (const std::int64_t kv_heads : {1, 2}) {
            INFO(c.pattern << ", " << kv_heads << " key heads");
            Problem problem = self_attention(500, 2, 8, c.causal);
            problem.kv_heads = kv_heads;
            const Pattern pattern = parse_pattern(c.pattern).value();
            const Plan plan = make_plan(pattern, problem).value();
            const std::vector<GradientSlice> all = gradient_slices(plan, 0);
            for (std::int64_t head = 0; head < kv_heads; ++head) {
                const auto of_head = std::ranges::equal_range(all, head, {}, &GradientSlice::kv_head);
                const std::span<const GradientSlice> slices(of_head.begin(), of_head.end());
                REQUIRE(slices.size() > 1);
                const CopiedKeys copied = copied_keys(plan, slices);
                const std::set<std::int64_t> keys(copied.keys.begin(), copied.keys.end());
                std::size_t more = 0;
                for (std::int64_t key = 0; key < problem.kv_len; ++key) {
                    const bool is_shared = slices_seeing(pattern, plan, slices, key) > 1;
                    if (is_shared && !keys.contains(key)) FAIL_CHECK("key " << key << " has a sum that slices share");
                    more += !is_shared && keys.contains(key);
                }
                CHECK(more <= (c.banded ? max_tile_rows * slices.size() : 0));
                // Numbers lead back to the keys.
                if (!keys.empty()) REQUIRE(std::int64_t(copied.number.size()) == problem.kv_len);
                for (std::size_t key = 0; key < copied.number.size(); ++key) {
                    const std::int32_t number = copied.number[key];
                    CHECK((number >= 0) == keys.contains(std::int64_t(key)));
                    if (number >= 0) CHECK(copied.keys[std::size_t(number)] == std::int64_t(key));
                }
                CHECK(copied.within({100, 300}) == Range{std::distance(keys.begin(), keys.lower_bound(100)),
                                                         std::distance(keys.begin(), keys.lower_bound(300))});
            }
        }
}

TEST_CASE("cpu: a window's slices copy the keys before their borders alone", "[engine]") {
    const Plan plan = make_plan(parse_pattern("window left=40 right=0").value(), self_attention(3000, 1, 8)).value();
    const GradientUnits units = gradient_units(plan, 0).value();
    CHECK(units.all.size() == 16);
    CHECK(units.copied.front().keys.size() == 15 * 40);
    CHECK(units.copies.size() == 2 * 2 * 15 * 40 * 8); // dk and dv of the slices before and after each border
}
