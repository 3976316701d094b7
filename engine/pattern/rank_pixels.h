#pragma once
// One side of a picture of a pattern along a curve: which pixel the token of each rank lies in.
#include "engine/pattern/pairs.h"
#include "engine/pattern/pixels.h"
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace dilascope {

inline constexpr std::int64_t few_tokens = 1 << 14; // for which threads cost more than they save

class RankPixels {
public:
    // Starts a picture; its memory is that of the picture before. The arguments must stay until the next. Threads share
    // the work.
    void start(std::span<const std::int64_t> edges, const std::vector<std::int32_t>& token_of_rank);

    // Calls visit(pixel, rank) for the visible tokens of the class whose ranks lie in the range.
    template <class Visit> void for_each(Range ranks, Residues residues, Visit visit) const {
        if (is_sparse_) {
            auto at = std::size_t(std::lower_bound(ranks_.begin(), ranks_.end(), ranks.begin) - ranks_.begin());
            for (; at < ranks_.size() && ranks_[at] < ranks.end; ++at)
                if (residues.modulus == 1 || ranks_[at] % residues.modulus == residues.residue)
                    visit(pixels_[at], std::int64_t(ranks_[at]));
            return;
        }
        for (std::int64_t rank = residues.residue + first_index(residues, ranks.begin) * residues.modulus;
             rank < ranks.end; rank += residues.modulus)
            if (const std::int32_t pixel = pixel_of_rank_[std::size_t(rank)]; pixel != no_pixel) visit(pixel, rank);
    }
    // False when no token of these ranks is in the picture; true when one may be.
    bool may_hold(Range ranks) const {
        if (!is_sparse_) return true;
        const auto rank = std::lower_bound(ranks_.begin(), ranks_.end(), ranks.begin);
        return rank != ranks_.end() && *rank < ranks.end;
    }
    // Of a token in the picture.
    std::int32_t pixel_of(std::int64_t token) const { return std::int32_t(pixel_at(edges_, token)); }
    std::int32_t token(std::int64_t rank) const { return (*token_of_rank_)[std::size_t(rank)]; }
    Range pixel(std::int64_t index) const { return {edges_[std::size_t(index)], edges_[std::size_t(index) + 1]}; }
    std::int64_t pixel_count() const { return std::int64_t(edges_.size()) - 1; }
    // Pixels before it hold only tokens ≤ the given one.
    std::int64_t full_end(std::int64_t token) const {
        return std::upper_bound(edges_.begin() + 1, edges_.end(), token + 1) - edges_.begin() - 1;
    }

private:
    static constexpr std::int32_t no_pixel = -1;
    void list_visible();

    std::span<const std::int64_t> edges_;
    const std::vector<std::int32_t>* token_of_rank_ = nullptr;
    std::vector<std::int32_t> pixel_of_token_; // of the visible tokens
    bool is_sparse_ = false;                   // few tokens are visible: they are listed, by rank
    std::vector<std::int32_t> ranks_, pixels_; // of those
    std::vector<std::int32_t> pixel_of_rank_;  // otherwise: of all ranks, no_pixel outside
};

} // namespace dilascope
