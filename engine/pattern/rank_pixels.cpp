#include "engine/pattern/rank_pixels.h"
#include "engine/vector_clones.h"

namespace dilascope {

namespace {

// How many of the tokens lie in [begin, begin + size).
VECTOR_CLONES std::int32_t count_visible(const std::int32_t* tokens, std::size_t count, std::int32_t begin,
                                         std::uint32_t size) {
    std::int32_t visible = 0;
    for (std::size_t index = 0; index < count; ++index)
        visible += std::uint32_t(tokens[index]) - std::uint32_t(begin) < size;
    return visible;
}

} // namespace

void RankPixels::start(std::span<const std::int64_t> edges, const std::vector<std::int32_t>& token_of_rank) {
    edges_ = edges, token_of_rank_ = &token_of_rank;
    const std::int64_t begin = edges.front(), visible = edges.back() - begin;
    const auto tokens = std::int64_t(token_of_rank.size());
    pixel_of_token_.resize(std::size_t(visible));
#pragma omp parallel for schedule(static) if (visible > few_tokens)
    for (std::int64_t index = 0; index < pixel_count(); ++index)
        std::fill(pixel_of_token_.begin() + (pixel(index).begin - begin),
                  pixel_of_token_.begin() + (pixel(index).end - begin), std::int32_t(index));
    is_sparse_ = visible * 16 < tokens;
    if (is_sparse_) {
        list_visible();
        return;
    }
    pixel_of_rank_.resize(std::size_t(tokens));
#pragma omp parallel for schedule(static) if (tokens > few_tokens)
    for (std::int64_t rank = 0; rank < tokens; ++rank) {
        const std::int64_t offset = token(rank) - begin;
        pixel_of_rank_[std::size_t(rank)] =
            offset < 0 || offset >= visible ? no_pixel : pixel_of_token_[std::size_t(offset)];
    }
}

void RankPixels::list_visible() {
    // A curve enters a few rows of its grid seldom and stays for long: most stretches hold no visible token.
    constexpr std::int64_t chunk = 1 << 14, stretch = 256;
    const auto tokens = std::int64_t(token_of_rank_->size());
    const auto begin = std::int32_t(edges_.front());
    const auto visible = std::uint32_t(pixel_of_token_.size());
    std::vector<std::vector<std::int32_t>> ranks_of_chunk(std::size_t((tokens + chunk - 1) / chunk));
#pragma omp parallel for schedule(static) if (tokens > few_tokens)
    for (std::size_t index = 0; index < ranks_of_chunk.size(); ++index) {
        const std::int64_t end = std::min(std::int64_t(index + 1) * chunk, tokens);
        for (std::int64_t first = std::int64_t(index) * chunk; first < end; first += stretch) {
            const std::int64_t last = std::min(first + stretch, end);
            if (count_visible(token_of_rank_->data() + first, std::size_t(last - first), begin, visible) == 0) continue;
            for (std::int64_t rank = first; rank < last; ++rank)
                if (std::uint32_t(token(rank)) - std::uint32_t(begin) < visible)
                    ranks_of_chunk[index].push_back(std::int32_t(rank));
        }
    }
    ranks_.clear(), pixels_.clear();
    for (const std::vector<std::int32_t>& ranks : ranks_of_chunk)
        ranks_.insert(ranks_.end(), ranks.begin(), ranks.end());
    for (std::int32_t rank : ranks_) pixels_.push_back(pixel_of_token_[std::size_t(token(rank) - begin)]);
}

} // namespace dilascope
