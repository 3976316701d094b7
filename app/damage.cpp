#include "app/damage.h"
#include "app/solid_fill.h"
#include <algorithm>
#include <bit>
#include <cstring>
#include <imgui.h>
#include <optional>

namespace dilascope {
namespace {

// Order matters: mixed(mixed(h, a), b) is not mixed(mixed(h, b), a).
std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
    return std::rotl(hash, 29) ^ hash;
}

std::uint64_t mixed(std::uint64_t hash, const PixelRect& rect) {
    hash = mixed(hash, std::uint64_t(std::uint32_t(rect.left)) << 32 | std::uint32_t(rect.top));
    return mixed(hash, std::uint64_t(std::uint32_t(rect.right)) << 32 | std::uint32_t(rect.bottom));
}

std::uint64_t mixed(std::uint64_t hash, const ImDrawVert& vertex) {
    std::uint64_t position, texel;
    std::memcpy(&position, &vertex.pos, sizeof position);
    std::memcpy(&texel, &vertex.uv, sizeof texel);
    return mixed(mixed(mixed(hash, position), texel), vertex.col);
}

bool covers(const PixelRect& outer, const PixelRect& inner) { return intersection(outer, inner) == inner; }

// Far outside coordinates would overflow an int.
int whole(float pixels) { return int(std::clamp(pixels, -1e6f, 1e6f)); }

int whole_up(float pixels) { return whole(pixels) + (float(whole(pixels)) < pixels); }

// Runs of the same columns, one below the other, become one rectangle.
void join_downwards(std::vector<PixelRect>& done, std::vector<PixelRect>& open, const std::vector<PixelRect>& runs) {
    std::vector<PixelRect> next;
    for (PixelRect run : runs) {
        const auto above = std::find_if(open.begin(), open.end(), [&](const PixelRect& rect) {
            return rect.left == run.left && rect.right == run.right;
        });
        if (above != open.end()) {
            run.top = above->top;
            open.erase(above);
        }
        next.push_back(run);
    }
    done.insert(done.end(), open.begin(), open.end());
    open = std::move(next);
}

// Joins the two neighbours in the list that waste the fewest pixels until there are few enough.
void join_to_few(std::vector<PixelRect>& rects) {
    while (rects.size() > Damage::rectangles_max) {
        std::size_t best = 0;
        std::int64_t best_waste = INT64_MAX;
        for (std::size_t index = 0; index + 1 < rects.size(); ++index) {
            const PixelRect &a = rects[index], &b = rects[index + 1];
            const std::int64_t waste = hull(a, b).area() - a.area() - b.area();
            if (waste >= best_waste) continue;
            best = index;
            best_waste = waste;
        }
        rects[best] = hull(rects[best], rects[best + 1]);
        rects.erase(rects.begin() + std::ptrdiff_t(best) + 1);
    }
}

} // namespace

PixelRect intersection(const PixelRect& a, const PixelRect& b) {
    return {std::max(a.left, b.left), std::max(a.top, b.top), std::min(a.right, b.right), std::min(a.bottom, b.bottom)};
}

PixelRect hull(const PixelRect& a, const PixelRect& b) {
    return {std::min(a.left, b.left), std::min(a.top, b.top), std::max(a.right, b.right), std::max(a.bottom, b.bottom)};
}

PixelRect clip_of(const ImDrawCmd& command, int height) {
    const ImVec4& clip = command.ClipRect;
    const int left = whole(clip.x), bottom = height - whole(float(height) - clip.w);
    return {left, bottom - whole(clip.w - clip.y), left + whole(clip.z - clip.x), bottom};
}

DrawnPiece piece_at(const ImDrawList& list, const ImDrawCmd& command, unsigned first, const PixelRect& clip) {
    const ImDrawIdx* indices = list.IdxBuffer.Data + command.IdxOffset + first;
    const ImDrawVert* vertices = list.VtxBuffer.Data + command.VtxOffset;
    const ImVec2 a = vertices[indices[0]].pos, b = vertices[indices[1]].pos, c = vertices[indices[2]].pos;
    const bool is_quad = first + 6 <= command.ElemCount && indices[3] == indices[0] && indices[4] == indices[2];
    const ImVec2 d = is_quad ? vertices[indices[5]].pos : c;
    const float left = std::min(std::min(a.x, b.x), std::min(c.x, d.x));
    const float right = std::max(std::max(a.x, b.x), std::max(c.x, d.x));
    const float top = std::min(std::min(a.y, b.y), std::min(c.y, d.y));
    const float bottom = std::max(std::max(a.y, b.y), std::max(c.y, d.y));
    // Cutting off a fraction rounds down: nothing in the picture is negative.
    const PixelRect pixels = {whole(left), whole(top), whole_up(right), whole_up(bottom)};
    return {is_quad ? 6u : 3u, intersection(pixels, clip)};
}

void Damage::add_triangles(const ImDrawList& list, const ImDrawCmd& command, const PixelRect& clip) {
    const std::uint64_t texture = mixed(1, std::uint64_t(command.GetTexID()));
    const std::uint64_t clip_hash = mixed(2, clip);
    const ImDrawIdx* indices = list.IdxBuffer.Data + command.IdxOffset;
    const ImDrawVert* vertices = list.VtxBuffer.Data + command.VtxOffset;
    DrawnPiece piece;
    for (unsigned first = 0; first + 2 < command.ElemCount; first += piece.indices) {
        piece = piece_at(list, command, first, clip);
        const PixelRect& drawn = piece.pixels;
        if (drawn.is_empty()) continue;
        std::uint64_t hash = mixed(texture, piece.indices);
        for (unsigned corner : {0u, 1u, 2u, piece.indices - 1}) hash = mixed(hash, vertices[indices[first + corner]]);
        const int last_column = (drawn.right - 1) / cell_width, last_row = (drawn.bottom - 1) / cell_height;
        for (int row = drawn.top / cell_height; row <= last_row; ++row)
            for (int column = drawn.left / cell_width; column <= last_column; ++column) {
                const int x = column * cell_width, y = row * cell_height;
                std::uint64_t& cell = cells_[std::size_t(row * columns_ + column)];
                cell = mixed(cell, hash);
                // Another clip rectangle changes only the cells that it cuts.
                if (!covers(clip, {x, y, std::min(x + cell_width, width_), std::min(y + cell_height, height_)}))
                    cell = mixed(cell, clip_hash);
            }
    }
}

void Damage::add_fill(const ImDrawCmd& command, const PixelRect& clip) {
    const SolidFill& fill = *solid_fill_of(command);
    const PixelRect filled = intersection(fill.pixels, clip);
    if (filled.is_empty()) return;
    const std::uint64_t colour = mixed(3, std::bit_cast<std::uint32_t>(fill.colour));
    for (int row = filled.top / cell_height; row <= (filled.bottom - 1) / cell_height; ++row)
        for (int column = filled.left / cell_width; column <= (filled.right - 1) / cell_width; ++column) {
            const int x = column * cell_width, y = row * cell_height;
            std::uint64_t& cell = cells_[std::size_t(row * columns_ + column)];
            const PixelRect pixels = {x, y, std::min(x + cell_width, width_), std::min(y + cell_height, height_)};
            // What lies beneath it is not seen.
            cell = covers(filled, pixels) ? colour : mixed(mixed(cell, colour), filled);
        }
}

// False when a command cannot be compared.
bool Damage::add_list(const ImDrawList& list) {
    const PixelRect picture = {0, 0, width_, height_};
    for (const ImDrawCmd& command : list.CmdBuffer) {
        const PixelRect clip = intersection(clip_of(command, height_), picture);
        if (solid_fill_of(command)) {
            add_fill(command, clip);
        } else if (command.UserCallback) {
            return false;
        } else if (!clip.is_empty()) {
            add_triangles(list, command, clip);
        }
    }
    return true;
}

std::vector<PixelRect> Damage::changed_cells() const {
    std::vector<PixelRect> done, open, runs;
    for (int row = 0; row <= rows_; ++row) {
        runs.clear();
        for (int column = 0; row < rows_ && column < columns_; ++column) {
            const std::size_t cell = std::size_t(row * columns_ + column);
            if (last_[cell] == cells_[cell]) continue;
            const PixelRect pixels = {column * cell_width, row * cell_height,
                                      std::min((column + 1) * cell_width, width_),
                                      std::min((row + 1) * cell_height, height_)};
            if (!runs.empty() && runs.back().right == pixels.left) {
                runs.back().right = pixels.right;
            } else {
                runs.push_back(pixels);
            }
        }
        join_downwards(done, open, runs);
    }
    join_to_few(done);
    return done;
}

std::vector<PixelRect> Damage::update(const ImDrawData& frame) {
    const int width = int(frame.DisplaySize.x), height = int(frame.DisplaySize.y);
    if (width <= 0 || height <= 0) return {};
    const bool is_known = width == width_ && height == height_ && !last_.empty();
    width_ = width;
    height_ = height;
    columns_ = (width + cell_width - 1) / cell_width;
    rows_ = (height + cell_height - 1) / cell_height;
    cells_.assign(std::size_t(columns_ * rows_), 0);
    bool is_comparable = true;
    for (int index = 0; index < frame.CmdListsCount && is_comparable; ++index)
        is_comparable = add_list(*frame.CmdLists[index]);
    std::vector<PixelRect> rects = {{0, 0, width, height}};
    if (is_known && is_comparable) rects = changed_cells();
    last_.swap(cells_);
    if (!is_comparable) forget();
    return rects;
}

} // namespace dilascope
