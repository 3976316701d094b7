// Permutations of token rows on the emulator, and the arithmetic of shapes that no test can hold.
#include "engine/backends/cuda/permute.h"
#include "engine/order/order.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/engine/emulated_cuda.h"
#include "tests/simt/every_order.h"
#include <algorithm>
#include <cstring>
#include <numeric>

namespace dilascope {
namespace {

using Table = std::vector<std::int32_t>;

Table hilbert(std::int64_t token_count) { return tokens_by_rank({Curve::hilbert}, token_count); }

// Bytes at a chosen distance from a 16-byte boundary, poison on both sides.
class GuardedBytes {
public:
    GuardedBytes(std::int64_t count, int shift) : count_(count), words_(std::size_t(count + 2 * guard + 31) / 16) {
        first_ = reinterpret_cast<unsigned char*>(words_.data()) + guard + shift;
        std::memset(static_cast<void*>(words_.data()), 0xff, words_.size() * 16);
    }
    unsigned char* data() { return first_; }
    unsigned char& operator[](std::int64_t at) { return first_[at]; }
    // What lies around is as it was.
    bool is_intact() const {
        const auto* begin = reinterpret_cast<const unsigned char*>(words_.data());
        const auto is_poison = [](unsigned char byte) { return byte == 0xff; };
        return std::all_of(begin, const_cast<const unsigned char*>(first_), is_poison) &&
               std::all_of(const_cast<const unsigned char*>(first_ + count_), begin + words_.size() * 16, is_poison);
    }

private:
    static constexpr int guard = 64;
    struct alignas(16) Word {
        unsigned char bytes[16];
    };
    std::int64_t count_;
    std::vector<Word> words_;
    unsigned char* first_;
};

struct Shape {
    std::int64_t batch = 1, token_count = 1, row_bytes = 2;
};

Result<simt::RunCounts> run_permute(const PermuteCall& call, const simt::RunOptions& options) {
    const PermuteLaunch launch = TRY(plan_permute(call));
    return simt::run(*emulated_kernels().find(launch.kernel), {launch.grid, permute_threads, 0}, launch.params,
                     options);
}

// Gathers, compares row by row, and scatters back. Rows are numbered so that no two are alike.
void check_round_trip(const Shape& shape, const simt::RunOptions& options = {}, int shift = 0) {
    INFO(shape.batch << " sequences of " << shape.token_count << " rows of " << shape.row_bytes << " bytes, shift "
                     << shift);
    const Table table = hilbert(shape.token_count);
    const std::int64_t bytes = shape.batch * shape.token_count * shape.row_bytes;
    GuardedBytes source(bytes, shift), gathered(bytes, shift), back(bytes, shift);
    std::uint32_t state = 1;
    for (std::int64_t at = 0; at < bytes; ++at)
        source[at] = (unsigned char)((state = state * 1664525 + 1013904223) >> 24);
    PermuteCall call{source.data(),   gathered.data(),         table.data(), shape.batch, shape.token_count,
                     shape.row_bytes, PermuteDirection::gather};
    REQUIRE(run_permute(call, options));
    std::int64_t wrong_rows = 0;
    for (std::int64_t b = 0; b < shape.batch; ++b)
        for (std::int64_t rank = 0; rank < shape.token_count; ++rank)
            wrong_rows += std::memcmp(&gathered[(b * shape.token_count + rank) * shape.row_bytes],
                                      &source[(b * shape.token_count + table[std::size_t(rank)]) * shape.row_bytes],
                                      std::size_t(shape.row_bytes)) != 0;
    CHECK(wrong_rows == 0);
    call.from = gathered.data(), call.to = back.data(), call.direction = PermuteDirection::scatter;
    REQUIRE(run_permute(call, options));
    CHECK(std::memcmp(back.data(), source.data(), std::size_t(bytes)) == 0);
    CHECK((source.is_intact() && gathered.is_intact() && back.is_intact()));
}

PermuteLaunch plan(const Shape& shape, const void* from = nullptr, void* to = nullptr) {
    const auto launch = plan_permute({from, to, nullptr, shape.batch, shape.token_count, shape.row_bytes});
    REQUIRE(launch);
    return *launch;
}

std::string refusal(const Shape& shape, const void* from = nullptr) {
    const auto launch = plan_permute({from, nullptr, nullptr, shape.batch, shape.token_count, shape.row_bytes});
    return launch ? "" : launch.error().what;
}

void* address(std::uintptr_t at) { return reinterpret_cast<void*>(at); }

} // namespace

TEST_CASE("permute: gather and scatter move every row of every head width", "[cuda]") {
    for (const int element_bytes : {2, 4})
        for (int head_dim = 1; head_dim <= 257; head_dim += head_dim < 9 ? 1 : 31)
            for (const int heads : {1, 3}) check_round_trip({1, 37, std::int64_t(heads) * head_dim * element_bytes});
}

TEST_CASE("permute: batches, single tokens, and rows longer than a block's slots", "[cuda]") {
    for (const Shape& shape :
         {Shape{3, 50, 96}, Shape{2, 1, 6}, Shape{1, 2, 16}, Shape{5, 1025, 2}, Shape{2, 5, 1024 * 16},
          Shape{2, 5, 1025 * 16}, Shape{1, 3, 1023 * 4}, Shape{2, 3, 2570}, Shape{1, 2, 100002}, Shape{1, 1000, 48}})
        for (const simt::RunOptions& options : simt::every_order) check_round_trip(shape, options);
}

TEST_CASE("permute: words are as wide as rows and addresses allow", "[cuda]") {
    CHECK(plan({1, 9, 128}).kernel == std::string("permute 16"));
    CHECK(plan({1, 9, 136}).kernel == std::string("permute 8"));
    CHECK(plan({1, 9, 132}).kernel == std::string("permute 4"));
    CHECK(plan({1, 9, 130}).kernel == std::string("permute 2"));
    CHECK(plan({1, 9, 128}, address(4096), address(4096 + 8)).kernel == std::string("permute 8"));
    CHECK(plan({1, 9, 128}, address(4096 + 4), address(4096)).kernel == std::string("permute 4"));
    CHECK(plan({1, 9, 128}, address(4096), address(4096 + 2)).kernel == std::string("permute 2"));
    for (const int shift : {2, 4, 8})
        for (const std::int64_t row_bytes : {16, 22, 132}) check_round_trip({2, 29, row_bytes}, {}, shift);
}

TEST_CASE("permute: every word is copied by one slot", "[cuda]") {
    for (const Shape& shape : {Shape{2, 70, 2}, Shape{1, 3, 16 * 1024}, Shape{2, 5, 16 * 1025}, Shape{3, 11, 16 * 600},
                               Shape{1, 4, 2 * 3001}, Shape{1, 2000, 16 * 96}, Shape{2, 513, 4 * 3}}) {
        const PermuteLaunch launch = plan(shape);
        const PermuteParams& params = launch.params;
        std::vector<int> copies(std::size_t(shape.batch * shape.token_count * params.row_words));
        for (std::int32_t block = 0; block < launch.grid.x; ++block)
            for (std::int32_t slot = 0; slot < permute_slots; ++slot) {
                const PermutePlace place = permute_place(params, block, slot);
                if (place.is_inside) ++copies.at(std::size_t(place.offset(place.rank, params)));
            }
        INFO(shape.row_bytes);
        CHECK(copies == std::vector<int>(copies.size(), 1));
    }
}

TEST_CASE("permute: pieces of long rows begin at whole lines of memory", "[cuda]") {
    for (const std::int64_t row_bytes : {16 * 1025, 2 * 100001, 4 * 70001}) {
        const PermuteParams params = plan({1, 4, row_bytes}).params;
        CHECK(params.tile_rows == 1);
        CHECK(params.column_tiles > 1);
        CHECK(params.tile_words * (row_bytes / params.row_words) % 128 == 0);
        CHECK(std::int64_t(params.column_tiles - 1) * params.tile_words < params.row_words);
    }
}

TEST_CASE("permute: offsets of tensors beyond 2^31 elements", "[cuda]") {
    // 64 · 2^26 tokens of 2^8 words: the last word of the last block.
    const Shape shape{64, std::int64_t(1) << 26, std::int64_t(1) << 12};
    const PermuteLaunch launch = plan(shape);
    CHECK(launch.params.row_words == 256);
    CHECK(launch.grid.x == std::int64_t(64) << 24);
    const PermutePlace last = permute_place(launch.params, launch.grid.x - 1, permute_slots - 1);
    CHECK(last.is_inside);
    CHECK(last.rank == shape.token_count - 1);
    CHECK(last.word == 255);
    CHECK(last.offset(last.rank, launch.params) == (std::int64_t(1) << 40) - 1);
    CHECK(last.offset(0, launch.params) == (std::int64_t(63) << 34) + 255);
    // Tokens up to the last one that int32 can name, in short rows.
    const PermuteLaunch longest = plan({1, std::int64_t(1) << 31, 2});
    const PermutePlace end = permute_place(longest.params, longest.grid.x - 1, permute_slots - 1);
    CHECK(end.is_inside);
    CHECK(end.offset(end.rank, longest.params) == (std::int64_t(1) << 31) - 1);
    // A last tile that reaches past them.
    const PermuteLaunch ragged = plan({1, (std::int64_t(1) << 31) - 1, 6});
    const PermutePlace outside = permute_place(ragged.params, ragged.grid.x - 1, 340 * 3);
    CHECK(outside.rank >= (std::int64_t(1) << 31));
    CHECK_FALSE(outside.is_inside);
}

TEST_CASE("permute: what cannot be permuted is refused with its numbers", "[cuda]") {
    CHECK(refusal({1, 1, 2}) == "");
    CHECK_THAT(refusal({0, 1, 2}), contains("0 sequences of 1 tokens"));
    CHECK_THAT(refusal({1, 0, 2}), contains("1 sequences of 0 tokens"));
    CHECK_THAT(refusal({1, (std::int64_t(1) << 31) + 1, 2}), contains("2147483649 tokens; expected 1 or more of 1"));
    CHECK_THAT(refusal({1, 1, 3}), contains("token rows of 3 bytes"));
    CHECK_THAT(refusal({1, 1, 0}), contains("token rows of 0 bytes"));
    CHECK_THAT(refusal({1, 1, 4}, address(4097)), contains("at even addresses"));
    CHECK_THAT(refusal({1024, std::int64_t(1) << 31, 1 << 14}), contains("permute fewer sequences at a time"));
}

} // namespace dilascope
