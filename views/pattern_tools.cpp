#include "views/pattern_tools.h"
#include "views/theme.h"
#include "views/view.h"
#include "views/widgets.h"
#include <fmt/format.h>
#include <imgui.h>

namespace dilascope {

namespace {

constexpr float tools_row_height = 34, one_row_width = 640;
constexpr std::int64_t overlay_tile_sizes[] = {16, 32, 64, 128};

} // namespace

PictureColours PatternTools::colours_of(const Pattern& pattern) const {
    const bool has_these =
        colours_ == PictureColours::mixing ? mixes_branches(pattern) : most_multiplicity(pattern) > 1;
    return has_these ? colours_ : PictureColours::branches;
}

float PatternTools::draw(Workspace& workspace, Canvas& canvas, Rect area) {
    set_cursor(canvas, {area.x, area.y});
    draw_colours(workspace);
    ImGui::SameLine(0, space::padding * canvas.scale());
    draw_tile_choice(workspace, canvas);
    const bool is_one_row = area.width >= one_row_width;
    if (is_one_row)
        ImGui::SameLine(0, space::padding * canvas.scale());
    else
        set_cursor(canvas, {area.x, area.y + tools_row_height});
    draw_compare(workspace, canvas);
    return is_one_row ? tools_row_height : 2 * tools_row_height;
}

void PatternTools::draw_colours(const Workspace& workspace) {
    static constexpr PictureColours choices[] = {PictureColours::branches, PictureColours::multiplicity,
                                                 PictureColours::mixing};
    static constexpr const char* names[] = {"Branches", "Multiplicity", "Mixing"};
    static constexpr const char* helps[] = {"Hue is the densest branch of a pixel: the union",
                                            "Hue is how often a pair counts in the softmax",
                                            "Opacity is how much of a row's softmax a branch gets"};
    const bool can_overlap = most_multiplicity(workspace.pattern) > 1;
    const std::size_t count = mixes_branches(workspace.pattern) ? 3 : 2;
    int chosen = int(std::find(choices, choices + 3, colours_of(workspace.pattern)) - choices);
    ImGui::BeginDisabled(!can_overlap);
    if (segmented_buttons("pattern/colours", std::span(names).first(count), chosen, helps)) colours_ = choices[chosen];
    ImGui::EndDisabled();
    if (!can_overlap) item_tooltip("Every pair of this pattern counts once");
}

void PatternTools::draw_tile_choice(Workspace& workspace, Canvas& canvas) {
    const std::string present = has_tiles_ ? fmt::format("Tiles {}", workspace.tile_tokens) : "No tiles";
    ImGui::SetNextItemWidth(92 * canvas.scale());
    const bool open = ImGui::BeginCombo("##pattern/tiles", present.c_str());
    mark_item("pattern/tiles");
    item_tooltip("Lay square tiles over the matrix; those that hold a pair are tinted");
    if (open) {
        if (ImGui::Selectable("No tiles", !has_tiles_)) has_tiles_ = false;
        mark_item("pattern/tiles/0");
        for (const std::int64_t size : overlay_tile_sizes) {
            if (ImGui::Selectable(fmt::format("{0} × {0} tokens", size).c_str(),
                                  has_tiles_ && workspace.tile_tokens == size))
                has_tiles_ = true, workspace.tile_tokens = size;
            mark_item(fmt::format("pattern/tiles/{}", size).c_str());
        }
        ImGui::EndCombo();
    }
}

void PatternTools::draw_compare(Workspace& workspace, Canvas& canvas) {
    if (text_button("pattern/set_a", "Set as A")) workspace.keep_as_a();
    item_tooltip("Keep the present pattern as A; what you edit from now on is B");
    if (!workspace.compare_pattern) return;
    ImGui::SameLine(0, space::gap * canvas.scale());
    static constexpr const char* names[] = {"A", "B", "A−B", "A | B"};
    static constexpr const char* helps[] = {"The pattern kept as A. F flips between A and B.",
                                            "The present pattern. F flips between A and B.",
                                            "Where they differ: blue A alone, grey both, vermilion B alone",
                                            "A left of a divider, B right of it; drag the divider"};
    int chosen = int(workspace.shown_compared());
    ImGui::BeginDisabled(!workspace.has_a());
    if (segmented_buttons("pattern/compare", names, chosen, helps)) workspace.compared = Compared(chosen);
    ImGui::EndDisabled();
    if (!workspace.compare_error.empty()) item_tooltip("A: " + workspace.compare_error);
    ImGui::SameLine(0, 1);
    if (text_button("pattern/forget_a", "×")) workspace.forget_a();
    item_tooltip("Forget A");
}

} // namespace dilascope
