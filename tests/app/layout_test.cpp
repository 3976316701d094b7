// Layouts: the tree fills its area, splitters move what they should, and it survives being saved.
#include "app/layout.h"
#include "tests/catch.h"
#include "views/view.h"
#include <nlohmann/json.hpp>
#include <random>

using namespace dilascope;

namespace {

std::vector<std::string> view_names() {
    std::vector<std::string> names;
    for (const auto& view : make_views()) names.push_back(view->name());
    return names;
}

double area_of(Rect rect) { return double(rect.width) * double(rect.height); }

LayoutNode random_layout(std::mt19937& random, int depth) {
    if (depth == 0 || random() % 4 == 0) return leaf({"v" + std::to_string(random() % 100)});
    const float sizes[] = {320, -340, 0.5f, 0.1f, 5000, -5000};
    const float size = sizes[random() % 6];
    LayoutNode first = random_layout(random, depth - 1), second = random_layout(random, depth - 1);
    return random() % 2 ? columns(size, std::move(first), std::move(second))
                        : rows(size, std::move(first), std::move(second));
}

} // namespace

TEST_CASE("leaves and splitters cover the area exactly, whatever the sizes", "[app]") {
    std::mt19937 random(7);
    for (int trial = 0; trial < 300; ++trial) {
        LayoutNode root = random_layout(random, 4);
        const Rect area = {8, 48, float(200 + random() % 3000), float(150 + random() % 2000)};
        const Placement placement = place(root, area);
        double covered = 0;
        for (const PlacedLeaf& placed : placement.leaves) {
            covered += area_of(placed.rect);
            CHECK(placed.rect.width >= 0);
            CHECK(placed.rect.height >= 0);
            CHECK(placed.rect.x >= area.x);
            CHECK(placed.rect.right() <= area.right() + 0.01f);
            CHECK(placed.rect.bottom() <= area.bottom() + 0.01f);
        }
        for (const PlacedSplitter& splitter : placement.splitters) covered += area_of(splitter.rect);
        CHECK(covered == Approx(area_of(area)).epsilon(1e-4));
    }
}

TEST_CASE("a panel keeps its width when the window grows, at either end", "[app]") {
    LayoutNode root = columns(320, leaf({"a"}), columns(-340, leaf({"b"}), leaf({"c"})));
    for (const float width : {1200.f, 1600.f, 2560.f}) {
        const Placement placement = place(root, {0, 0, width, 900});
        REQUIRE(placement.leaves.size() == 3);
        CHECK(placement.leaves[0].rect.width == 320);
        CHECK(placement.leaves[2].rect.width == 340);
        CHECK(placement.leaves[2].rect.right() == width);
    }
}

TEST_CASE("a dragged splitter follows the pointer and stops at the smallest panel", "[app]") {
    for (const float size : {320.f, -340.f, 0.4f}) {
        LayoutNode root = columns(size, leaf({"a"}), leaf({"b"}));
        const Rect area = {8, 0, 1000, 500};
        move_splitter(place(root, area).splitters[0], {508, 100});
        CHECK(place(root, area).splitters[0].rect.x == Approx(505).margin(1));
        move_splitter(place(root, area).splitters[0], {-4000, 100});
        CHECK(place(root, area).leaves[0].rect.width == Approx(min_panel).margin(1));
        move_splitter(place(root, area).splitters[0], {4000, 100});
        CHECK(place(root, area).leaves[1].rect.width == Approx(min_panel).margin(1));
    }
}

TEST_CASE("showing a view brings its tab forward, or gives it one", "[app]") {
    LayoutNode root = columns(320, leaf({"config"}), leaf({"pattern", "timing"}));
    show_view(root, "timing");
    CHECK(shown_views(root) == std::vector<std::string>{"config", "timing"});
    show_view(root, "runs");
    CHECK(find_view(root, "runs") == &root.children[1]);
    CHECK(shown_views(root) == std::vector<std::string>{"config", "runs"});
}

TEST_CASE("every preset shows views that exist, and comes back from JSON as it was", "[app]") {
    const std::vector<std::string> names = view_names();
    for (const LayoutPreset& preset : layout_presets()) {
        LayoutNode root = preset.root;
        INFO(preset.name);
        REQUIRE(check_layout(root, names).has_value());
        CHECK(root == preset.root); // nothing had to be dropped
        const auto read = layout_from_json(layout_to_json(root));
        REQUIRE(read.has_value());
        CHECK(*read == root);
    }
}

TEST_CASE("a layout with unknown views loses them, a damaged one is an error", "[app]") {
    LayoutNode root = columns(320, leaf({"gone"}), rows(0.5f, leaf({"pattern", "gone"}), leaf({"runs"})));
    root.children[1].children[0].active = 7;
    const std::vector<std::string> known = {"pattern", "runs"};
    REQUIRE(check_layout(root, known).has_value());
    CHECK(root == rows(0.5f, leaf({"pattern"}), leaf({"runs"})));
    LayoutNode nothing = leaf({"gone"});
    CHECK_FALSE(check_layout(nothing, known).has_value());
    for (const char* text : {"3", "{}", R"({"views": 3})", R"({"views": [3]})", R"({"split": "columns"})",
                             R"({"split": "diagonal", "size": 1, "children": []})",
                             R"({"split": "rows", "size": "x", "children": [{"views": []}, {"views": []}]})",
                             R"({"split": "rows", "size": 0.5, "children": [{"views": []}]})"}) {
        INFO(text);
        CHECK_FALSE(layout_from_json(nlohmann::json::parse(text)).has_value());
    }
}
