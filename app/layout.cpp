#include "app/layout.h"
#include "views/theme.h"
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace dilascope {

LayoutNode leaf(std::vector<std::string> views) {
    LayoutNode node;
    node.views = std::move(views);
    return node;
}

static LayoutNode split_node(Split split, float size, LayoutNode first, LayoutNode second) {
    LayoutNode node;
    node.split = split;
    node.size = size;
    node.children.push_back(std::move(first));
    node.children.push_back(std::move(second));
    return node;
}

LayoutNode columns(float size, LayoutNode first, LayoutNode second) {
    return split_node(Split::columns, size, std::move(first), std::move(second));
}

LayoutNode rows(float size, LayoutNode first, LayoutNode second) {
    return split_node(Split::rows, size, std::move(first), std::move(second));
}

const std::vector<LayoutPreset>& layout_presets() {
    static const std::vector<LayoutPreset> presets = {
        {"design", "Design", "Edit a pattern; see it, its weights and its time at once",
         columns(320, leaf({"config"}),
                 columns(-340, rows(0.62f, leaf({"pattern"}), leaf({"heatmap", "timing", "hilbert", "reach", "runs"})),
                         rows(0.55f, leaf({"inspector"}), leaf({"cost"}))))},
        {"measure", "Measure", "Run cases and see the time over an axis",
         columns(320, leaf({"config"}), rows(0.58f, leaf({"timing"}), leaf({"runs", "pattern", "heatmap"})))},
        {"compare", "Compare", "All runs side by side: what differs, and what it costs",
         rows(0.55f, leaf({"runs"}), columns(0.5f, leaf({"timing"}), leaf({"pattern", "heatmap", "inspector"})))},
    };
    return presets;
}

namespace {

// Length of the first child when `room` is shared by both.
float first_length(const LayoutNode& node, float room) {
    float length = node.size;
    if (node.size < -1) length = room + node.size;
    if (node.size >= -1 && node.size <= 1) length = room * std::max(0.f, node.size);
    const float least = std::min(min_panel, room / 2);
    return std::clamp(std::round(length), least, std::max(least, room - least));
}

void place_into(LayoutNode& node, Rect area, Placement& placement) {
    if (node.split == Split::none) {
        placement.leaves.push_back({&node, area});
        return;
    }
    const bool is_columns = node.split == Split::columns;
    const float whole = is_columns ? area.width : area.height;
    const float room = std::max(0.f, whole - space::splitter);
    const float first = first_length(node, room);
    Rect one = area, handle = area, two = area;
    (is_columns ? one.width : one.height) = first;
    (is_columns ? handle.x : handle.y) += first;
    (is_columns ? handle.width : handle.height) = space::splitter;
    (is_columns ? two.x : two.y) += first + space::splitter;
    (is_columns ? two.width : two.height) = room - first;
    placement.splitters.push_back({&node, handle, area});
    place_into(node.children[0], one, placement);
    place_into(node.children[1], two, placement);
}

LayoutNode* largest_leaf(LayoutNode& root) {
    Placement placement = place(root, {0, 0, 1600, 1000});
    LayoutNode* best = nullptr;
    float best_area = -1;
    for (const PlacedLeaf& placed : placement.leaves) {
        const float area = placed.rect.width * placed.rect.height;
        if (area > best_area) {
            best = placed.node;
            best_area = area;
        }
    }
    return best;
}

} // namespace

Placement place(LayoutNode& root, Rect area) {
    Placement placement;
    place_into(root, area, placement);
    return placement;
}

void move_splitter(const PlacedSplitter& splitter, Point pointer) {
    LayoutNode& node = *splitter.node;
    const bool is_columns = node.split == Split::columns;
    const float whole = is_columns ? splitter.whole.width : splitter.whole.height;
    const float room = std::max(1.f, whole - space::splitter);
    const float start = is_columns ? splitter.whole.x : splitter.whole.y;
    const float wanted = (is_columns ? pointer.x : pointer.y) - start - space::splitter / 2;
    const float least = std::min(min_panel, room / 2);
    const float first = std::clamp(wanted, least, std::max(least, room - least));
    // The unit stays what it was: a panel of fixed width remains one.
    if (node.size < -1) {
        node.size = std::min(-1.5f, first - room);
    } else if (node.size > 1) {
        node.size = std::max(1.5f, first);
    } else {
        node.size = first / room;
    }
}

std::vector<std::string> shown_views(const LayoutNode& root) {
    if (root.split == Split::none) {
        if (root.active < 0 || root.active >= int(root.views.size())) return {};
        return {root.views[std::size_t(root.active)]};
    }
    std::vector<std::string> names;
    for (const LayoutNode& child : root.children)
        for (std::string& name : shown_views(child)) names.push_back(std::move(name));
    return names;
}

LayoutNode* find_view(LayoutNode& root, const std::string& view) {
    if (root.split == Split::none)
        return std::find(root.views.begin(), root.views.end(), view) != root.views.end() ? &root : nullptr;
    for (LayoutNode& child : root.children)
        if (LayoutNode* found = find_view(child, view)) return found;
    return nullptr;
}

void show_view(LayoutNode& root, const std::string& view) {
    LayoutNode* node = find_view(root, view);
    if (!node) {
        node = largest_leaf(root);
        node->views.push_back(view);
    }
    node->active = int(std::find(node->views.begin(), node->views.end(), view) - node->views.begin());
}

static bool drop_unknown(LayoutNode& node, std::span<const std::string> known) {
    if (node.split == Split::none) {
        std::erase_if(node.views, [&](const std::string& view) {
            return std::find(known.begin(), known.end(), view) == known.end();
        });
        node.active = std::clamp(node.active, 0, std::max(0, int(node.views.size()) - 1));
        return !node.views.empty();
    }
    const bool first = drop_unknown(node.children[0], known), second = drop_unknown(node.children[1], known);
    if (first && second) return true;
    if (!first && !second) return false;
    LayoutNode kept = std::move(node.children[first ? 0 : 1]);
    node = std::move(kept);
    return true;
}

Result<void> check_layout(LayoutNode& root, std::span<const std::string> known_views) {
    if (!drop_unknown(root, known_views)) return fail("layout: none of its views exists");
    return {};
}

nlohmann::json layout_to_json(const LayoutNode& node) {
    if (node.split == Split::none) return {{"views", node.views}, {"active", node.active}};
    return {{"split", node.split == Split::columns ? "columns" : "rows"},
            {"size", node.size},
            {"children", {layout_to_json(node.children[0]), layout_to_json(node.children[1])}}};
}

Result<LayoutNode> layout_from_json(const nlohmann::json& json) {
    if (!json.is_object()) return fail("layout: a node is not an object");
    LayoutNode node;
    if (!json.contains("split")) {
        if (!json.contains("views") || !json["views"].is_array()) return fail("layout: a leaf has no list of views");
        for (const nlohmann::json& view : json["views"]) {
            if (!view.is_string()) return fail("layout: a view's name is not a string");
            node.views.push_back(view.get<std::string>());
        }
        if (json.contains("active") && json["active"].is_number_integer()) node.active = json["active"].get<int>();
        return node;
    }
    const nlohmann::json& split = json["split"];
    if (split != "columns" && split != "rows") return fail("layout: split is neither \"columns\" nor \"rows\"");
    node.split = split == "columns" ? Split::columns : Split::rows;
    if (!json.contains("size") || !json["size"].is_number()) return fail("layout: a split has no size");
    node.size = json["size"].get<float>();
    if (!json.contains("children") || !json["children"].is_array() || json["children"].size() != 2)
        return fail("layout: a split does not have two children");
    for (const nlohmann::json& child : json["children"]) node.children.push_back(TRY(layout_from_json(child)));
    return node;
}

} // namespace dilascope
