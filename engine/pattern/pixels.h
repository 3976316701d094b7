#pragma once
// Which pixel of a picture's row a token lies in, by the edges of the pixels.
#include <algorithm>
#include <cstdint>
#include <span>

namespace dilascope {

// The pixel that holds the key, or the first one when all lie behind it; the number of pixels when all lie before it.
inline std::size_t pixel_at(std::span<const std::int64_t> edges, std::int64_t key) {
    const auto after = std::upper_bound(edges.begin(), edges.end(), key);
    return after == edges.begin() ? 0 : std::size_t(after - edges.begin()) - 1;
}

// The same for many keys: the edges of most pictures are evenly spaced, so the pixel is guessed.
class PixelFinder {
public:
    // `edges` must outlive this.
    explicit PixelFinder(std::span<const std::int64_t> edges)
        : edges_(edges), pixels_per_token_(double(edges.size() - 1) /
                                           double(std::max<std::int64_t>(1, edges.back() - edges.front()))) {}
    std::size_t at(std::int64_t key) const {
        if (key <= edges_.front()) return key < edges_.front() ? 0 : pixel_at(edges_, key);
        if (key >= edges_.back()) return edges_.size() - 1;
        auto guess = std::size_t(double(key - edges_.front()) * pixels_per_token_);
        guess = std::min(guess, edges_.size() - 2);
        if (edges_[guess] > key) --guess; // not below 0: the first edge is before the key
        if (edges_[guess] <= key && key < edges_[guess + 1]) return guess;
        return pixel_at(edges_, key);
    }
    // The first pixel that begins at the token or later.
    std::size_t first_from(std::int64_t token) const {
        return token <= edges_.front() ? 0 : std::min(at(token - 1) + 1, edges_.size() - 1);
    }
    // How many leading pixels end at the token or before.
    std::size_t count_until(std::int64_t token) const { return token < edges_.front() ? 0 : at(token); }

private:
    std::span<const std::int64_t> edges_;
    double pixels_per_token_;
};

} // namespace dilascope
