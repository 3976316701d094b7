#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "views/pattern_image.h"
#include "views/pattern_scene.h"
#include "views/theme.h"
#include "views/tile_overlay.h"
#include <bit>

using namespace dilascope;

static PictureRequest request_of(const char* text, std::int64_t seq_len, std::int64_t kv_len, bool causal,
                                 std::int64_t head) {
    PictureRequest request;
    request.pattern = *parse_pattern(text);
    request.problem = self_attention(seq_len, 4, 8, causal);
    request.problem.kv_len = kv_len;
    request.head = head;
    request.region = whole_matrix(request.problem);
    request.rows = seq_len;
    request.columns = kv_len;
    return request;
}

TEST_CASE("with a pixel for each token the picture is the predicate", "[views]") {
    const auto [text, causal] = GENERATE(table<const char*, bool>({{"longnet segments=8,16,32 rates=1,2,4", false},
                                                                   {"longnet segments=8,16,32 rates=1,2,4", true},
                                                                   {"longnet segments=7,13 rates=2,3", true},
                                                                   {"seed segments=8,16 rates=1,2", false},
                                                                   {"window left=5 right=2", true},
                                                                   {"dense", true}}));
    const std::int64_t head = GENERATE(0, 3);
    const PictureRequest request = request_of(text, 37, 45, causal, head);
    REQUIRE(validate(request.pattern, request.problem));
    const PatternPicture picture = make_picture(request);
    const std::vector<std::uint32_t> rgba = paint(picture);
    for (std::int64_t q = 0; q < 37; ++q) {
        int keys = 0;
        for (std::int64_t k = 0; k < 45; ++k) {
            const std::size_t pixel = std::size_t(q * 45 + k);
            const BranchSet set = branches(request.pattern, request.problem, head, q, k);
            INFO(text << " q " << q << " k " << k);
            keys += set != 0;
            REQUIRE(picture.density[pixel] == (set ? 1.f : 0.f));
            REQUIRE(rgba[pixel] == (set ? packed(branch_colour(std::countr_zero(set))) : 0u));
        }
        REQUIRE(picture.keys_per_query[std::size_t(q)] == Approx(keys));
    }
}

TEST_CASE("coarse pixels are exact densities and take the densest branch's hue", "[views]") {
    PictureRequest request = request_of("longnet segments=8,32 rates=1,4", 64, 64, false, 0);
    request.rows = request.columns = 4; // 16 × 16 cells each
    const PatternPicture picture = make_picture(request);
    for (std::int64_t row = 0; row < 4; ++row)
        for (std::int64_t column = 0; column < 4; ++column) {
            int cells = 0, first = 0, second = 0;
            for (std::int64_t q = row * 16; q < row * 16 + 16; ++q)
                for (std::int64_t k = column * 16; k < column * 16 + 16; ++k) {
                    const BranchSet set = branches(request.pattern, request.problem, 0, q, k);
                    cells += set != 0, first += set & 1, second += set >> 1 & 1;
                }
            const std::size_t pixel = std::size_t(row * 4 + column);
            CHECK(picture.density[pixel] == Approx(cells / 256.0));
            if (cells > 0) CHECK(int(picture.branch[pixel]) == (second > first ? 1 : 0));
        }
}

TEST_CASE("one branch alone shows that branch's pairs", "[views]") {
    PictureRequest request = request_of("longnet segments=8,32 rates=1,4", 64, 64, true, 0);
    request.only_branch = 1;
    const PatternPicture picture = make_picture(request);
    for (std::int64_t q = 0; q < 64; ++q)
        for (std::int64_t k = 0; k < 64; ++k)
            REQUIRE(picture.density[std::size_t(q * 64 + k)] ==
                    float(branches(request.pattern, request.problem, 0, q, k) >> 1 & 1));
    CHECK(paint(picture)[0] == packed(branch_colour(1)));
}

TEST_CASE("marginal strips are the degrees of rows and columns in the whole matrix", "[views]") {
    PictureRequest request = request_of("longnet segments=8,32 rates=1,2", 48, 48, true, 1);
    request.region = {{8, 24}, {4, 44}};
    request.rows = 16, request.columns = 20; // two keys a pixel
    const PatternPicture picture = make_picture(request);
    const auto sees = [&](std::int64_t q, std::int64_t k) {
        return branches(request.pattern, request.problem, request.head, q, k) != 0;
    };
    for (std::int64_t row = 0; row < 16; ++row) {
        int keys = 0;
        for (std::int64_t k = 0; k < 48; ++k) keys += sees(8 + row, k);
        CHECK(picture.keys_per_query[std::size_t(row)] == Approx(keys));
    }
    REQUIRE(picture.queries_per_key.size() == 20);
    for (std::int64_t column = 0; column < 20; ++column) {
        int queries = 0;
        for (std::int64_t q = 0; q < 48; ++q) queries += sees(q, 4 + 2 * column) + sees(q, 5 + 2 * column);
        CHECK(picture.queries_per_key[std::size_t(column)] == Approx(queries / 2.0));
    }
}

TEST_CASE("with a pixel for each token the difference of two patterns is that of their predicates", "[views]") {
    const auto [a, b] = GENERATE(table<const char*, const char*>(
        {{"longnet segments=8,16,32 rates=1,2,4", "longnet segments=16,32 rates=1,2"},
         {"window left=5 right=2", "local block=4 window=16 + random block=4 density=0.3 seed=7 per_head=true"},
         {"dense", "hierarchical block=4 levels=4:8,8:16,16:all"}}));
    PictureRequest request = request_of(b, 45, 45, true, 2);
    request.colours = PictureColours::difference;
    request.minus = *parse_pattern(a);
    const std::vector<std::uint32_t> rgba = paint(make_picture(request));
    int counts[4] = {};
    for (std::int64_t q = 0; q < 45; ++q)
        for (std::int64_t k = 0; k < 45; ++k) {
            const bool in_a = branches(*request.minus, request.problem, 2, q, k) != 0;
            const bool in_b = branches(request.pattern, request.problem, 2, q, k) != 0;
            ++counts[in_a + 2 * in_b];
            INFO(a << " | " << b << " q " << q << " k " << k);
            const std::uint32_t wanted =
                in_a || in_b ? packed(in_a ? in_b ? branch_colour(7) : branch_colour(6) : branch_colour(5)) : 0u;
            REQUIRE(rgba[std::size_t(q * 45 + k)] == wanted);
        }
    CHECK(counts[0] > 0);
    CHECK(counts[1] + counts[2] > 0);
    CHECK(counts[3] > 0);
}

TEST_CASE("multiplicity colours say how often a pair counts", "[views]") {
    PictureRequest request = request_of("longnet segments=8,16,32 rates=1,2,4", 40, 40, false, 0);
    request.colours = PictureColours::multiplicity;
    const PatternPicture picture = make_picture(request);
    const std::vector<std::uint32_t> rgba = paint(picture);
    bool seen[4] = {};
    for (std::int64_t q = 0; q < 40; ++q)
        for (std::int64_t k = 0; k < 40; ++k) {
            const int times = multiplicity(request.pattern, request.problem, 0, q, k);
            seen[times] = true;
            const std::size_t pixel = std::size_t(q * 40 + k);
            CHECK(picture.overlap[pixel] == Approx(times));
            REQUIRE(rgba[pixel] == (times ? packed(multiplicity_colour(float(times), 3)) : 0u));
        }
    CHECK((seen[0] && seen[1] && seen[2] && seen[3]));
    CHECK_FALSE(multiplicity_colour(1, 3) == multiplicity_colour(2, 3));
    CHECK(most_multiplicity(*parse_pattern("local block=8 window=16 + global block=8 tokens=8")) == 1);
}

TEST_CASE("tiles with a pair are found, those cut by the edge too", "[views]") {
    for (const char* text : {"longnet segments=8,32 rates=1,4", "random block=8 density=0.1 seed=3 per_head=false",
                             "window left=3 right=0 order=hilbert use=sequence"}) {
        const PictureRequest made = request_of(text, 75, 75, true, 0);
        TileRequest request;
        request.pattern = made.pattern, request.problem = made.problem;
        request.tile = 16, request.rows = {1, 5}, request.columns = {0, 5};
        const TileMap map = make_tile_map(request);
        REQUIRE(map.active.size() == 20);
        std::int64_t active = 0;
        for (std::int64_t row = 1; row < 5; ++row)
            for (std::int64_t column = 0; column < 5; ++column) {
                bool holds = false;
                for (std::int64_t q = row * 16; q < std::min<std::int64_t>(75, row * 16 + 16); ++q)
                    for (std::int64_t k = column * 16; k < std::min<std::int64_t>(75, column * 16 + 16); ++k)
                        holds = holds || branches(request.pattern, request.problem, 0, q, k) != 0;
                INFO(text << " tile " << row << ", " << column);
                CHECK(bool(map.active[std::size_t((row - 1) * 5 + column)]) == holds);
                active += holds;
            }
        CHECK(map.active_count == active);
    }
}

TEST_CASE("opacity grows with density, and no pair is invisible", "[views]") {
    CHECK(density_alpha(0) == 0);
    CHECK(density_alpha(1e-6f) > 0.1f);
    CHECK(density_alpha(1) == Approx(1));
    CHECK(density_alpha(0.25f) < density_alpha(0.5f));
}

TEST_CASE("a picture's pixels are device pixels, or tokens where those are larger", "[views]") {
    const PictureRequest made = request_of("dense", 100, 100, false, 0);
    const Rect viewport{0, 0, 400, 400};
    const auto at_scale = [&](std::int64_t tokens, float scale) {
        const Problem problem = self_attention(tokens, 1, 8);
        return picture_request(made.pattern, problem, 0, frame_of({}, tokens, tokens, viewport), scale);
    };
    CHECK(at_scale(100, 1).rows == 100);
    CHECK(at_scale(1 << 20, 1).rows == 400);
    CHECK(at_scale(1 << 20, 2).columns == 800);
    CHECK(at_scale(500, 2).columns == 500);
    // Pixels of few tokens hold equally many, so that they do not beat against the dilation.
    for (const std::int64_t tokens : {500, 512, 1000, 2047, 3000}) {
        const PictureRequest request = at_scale(tokens, 1);
        CHECK(request.rows <= 400);
        const std::vector<std::int64_t> edges = pixel_edges(request.region.q, request.rows);
        const std::int64_t block = edges[edges.size() - 1] - edges[edges.size() - 2];
        int unequal = 0;
        for (std::size_t pixel = 0; pixel + 1 < edges.size(); ++pixel)
            unequal += edges[pixel + 1] - edges[pixel] != block;
        CHECK(unequal <= 8);
    }
}

TEST_CASE("a million tokens with five branches make a picture within a few frames", "[views][slow]") {
    PictureRequest request;
    request.pattern = *parse_pattern("longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12");
    request.problem = self_attention(1 << 20, 12, 64, true);
    request.region = whole_matrix(request.problem);
    request.rows = request.columns = 700;
    const PatternPicture picture = make_picture(request);
    CHECK(picture.density[0] > 0);
    CHECK(picture.density[699] == 0);
    double pairs = 0;
    const std::vector<std::int64_t> edges = pixel_edges({0, 1 << 20}, 700);
    for (std::size_t row = 0; row < 700; ++row)
        for (std::size_t column = 0; column < 700; ++column)
            pairs += double(picture.density[row * 700 + column]) * double(edges[row + 1] - edges[row]) *
                     double(edges[column + 1] - edges[column]);
    CHECK(pairs == Approx(double(count_pairs(request.pattern, request.problem, 0, request.region))).epsilon(1e-6));
    CHECK(picture.time_ms < 500); // 10 ms alone on the machine; tests share it
}
