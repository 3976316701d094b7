#pragma once
// Layout: how the panels share the window: a tree of splits whose leaves hold tabs of views. Named presets, saved with
// the session. Sizes are logical pixels, so that a layout means the same at every scale.
#include "engine/result.h"
#include "views/geometry.h"
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

namespace dilascope {

enum class Split : std::uint8_t { none, columns, rows };

// A leaf (split none) shows one of its views; a split shares its place between two children.
struct LayoutNode {
    Split split = Split::none;
    // Size of the first child: logical pixels > 1 counted from the start, < −1 from the end (that is the second child's
    // size), or a share of the whole in 0 … 1.
    float size = 0.5f;
    std::vector<LayoutNode> children; // two, or none
    std::vector<std::string> views;   // names, of a leaf
    int active = 0;                   // index of the view shown
    friend bool operator==(const LayoutNode&, const LayoutNode&) = default;
};

LayoutNode leaf(std::vector<std::string> views);
LayoutNode columns(float size, LayoutNode first, LayoutNode second);
LayoutNode rows(float size, LayoutNode first, LayoutNode second);

struct LayoutPreset {
    const char* name;  // "design", in commands and sessions
    const char* title; // "Design"
    const char* help;
    LayoutNode root;
};
// In the order of the keys 1, 2, 3.
const std::vector<LayoutPreset>& layout_presets();

// A leaf or a splitter where it is drawn, logical pixels.
struct PlacedLeaf {
    LayoutNode* node;
    Rect rect;
};
struct PlacedSplitter {
    LayoutNode* node;
    Rect rect;  // the handle
    Rect whole; // what the split shares out
};
struct Placement {
    std::vector<PlacedLeaf> leaves;
    std::vector<PlacedSplitter> splitters;
};
// Cuts `area` by the tree. Children shrink, but never below min_panel, while there is room.
inline constexpr float min_panel = 120;
Placement place(LayoutNode& root, Rect area);
// Moves a splitter to a pointer position (its middle), within the room there is.
void move_splitter(const PlacedSplitter& splitter, Point pointer);

// The views in front, one of each leaf.
std::vector<std::string> shown_views(const LayoutNode& root);
// The leaf that holds a view, or null.
LayoutNode* find_view(LayoutNode& root, const std::string& view);
// Shows a view: its tab, or a new tab in the largest leaf's place when the layout lacks it.
void show_view(LayoutNode& root, const std::string& view);
// Drops views that do not exist (a session of another version); error when nothing is left or the tree is malformed.
Result<void> check_layout(LayoutNode& root, std::span<const std::string> known_views);

nlohmann::json layout_to_json(const LayoutNode& node);
Result<LayoutNode> layout_from_json(const nlohmann::json& json);

} // namespace dilascope
