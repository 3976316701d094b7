#include "app/status_bar.h"
#include "app/controls.h"
#include "app/workbench.h"
#include "views/cell_facts.h"
#include "views/number_format.h"
#include <cmath>
#include <cstdio>

namespace dilascope {
namespace {

void text(std::string_view words, TextStyle style, Colour colour) {
    ImGui::AlignTextToFramePadding();
    text_line(words, style, colour);
}

// The running experiment with its progress; else what the last one came to; else what is looked at.
void draw_job(Workbench& bench) {
    const QueueState state = bench.queue.state();
    const float scale = bench.scale;
    if (!state.busy) {
        const bool is_told = state.message.empty() || state.failed; // a failure has its own card
        text(is_told ? bench.workspace.tensors_label : state.message, TextStyle::caption, theme().muted);
        mark_item("status/job");
        item_tooltip(bench.workspace.store_status);
        return;
    }
    const Progress& progress = state.progress;
    text(state.experiment, TextStyle::caption, theme().text);
    mark_item("status/job");
    item_tooltip(progress.current);
    ImGui::SameLine(0, space::padding * scale);
    const ImVec2 at = ImGui::GetCursorPos();
    ImGui::SetCursorPosY(at.y + std::round((ImGui::GetFrameHeight() - 6 * scale) / 2));
    progress_bar(progress.total > 0 ? float(progress.finished) / float(progress.total) : 0, 140 * scale, 6 * scale);
    ImGui::SameLine(0, space::padding * scale);
    ImGui::SetCursorPosY(at.y);
    std::string numbers = std::to_string(progress.finished) + "/" + std::to_string(progress.total);
    if (progress.eta_s > 0) numbers += "  " + format_duration(progress.eta_s) + " left";
    if (state.waiting > 0) numbers += "  +" + std::to_string(state.waiting) + " waiting";
    text(numbers, TextStyle::caption_number, theme().text);
    if (progress.failed > 0) {
        ImGui::SameLine(0, space::padding * scale);
        text(std::to_string(progress.failed) + " failed", TextStyle::caption, theme().bad);
    }
    ImGui::SameLine(0, space::padding * scale);
    if (quiet_button("status/cancel", "Esc cancels", false, TextStyle::caption)) bench.queue.cancel_current();
    item_tooltip("Cancel this experiment; finished runs stay in the store");
}

struct CellTexts {
    std::string numbers, words, place;
    std::vector<int> branches;
};
CellTexts cell_texts(const Workspace& workspace) {
    const Selection& selection = workspace.selection;
    const CellFacts facts = cell_facts(workspace, selection.q, selection.k);
    return {"head " + std::to_string(selection.head) + "   q " + format_count(facts.q) + "   k " +
                format_count(facts.k) + "   Δ " + format_count(facts.distance),
            attendance_text(facts), place_text(facts), facts.branches};
}

void draw_cell(Workbench& bench, const CellTexts& texts) {
    const float scale = bench.scale;
    text(texts.numbers, TextStyle::caption_number, theme().text);
    mark_item("status/cell");
    item_tooltip("The cell under the mouse, else the picked one: query, key, and how far back the key is");
    ImGui::SameLine(0, 2 * space::gap * scale);
    for (const int branch : texts.branches) {
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const float side = 9 * scale, y = at.y + std::round((ImGui::GetFrameHeight() - side) / 2);
        ImGui::GetWindowDrawList()->AddRectFilled({at.x, y}, {at.x + side, y + side}, colour_u32(branch_colour(branch)),
                                                  2 * scale);
        ImGui::Dummy({side, side});
        ImGui::SameLine(0, space::grid * scale);
        text(branch_label(bench.workspace.pattern, branch), TextStyle::caption_number, theme().text);
        ImGui::SameLine(0, space::padding * scale);
    }
    text(texts.words, TextStyle::caption, theme().muted);
}

std::string live_text(const Workspace& workspace) {
    if (!workspace.live) return workspace.live_pending_s > 0 ? "engine…" : "";
    if (!workspace.live->error.empty()) return "engine: error";
    return workspace.live->backend + " " + workspace.live->config.dtype + " · " +
           format_time_ms(workspace.live->time_ms_median).joined();
}

} // namespace

void draw_status_bar(Workbench& bench) {
    const float scale = bench.scale, width = ImGui::GetWindowWidth();
    const float y = std::round((status_bar_height * scale - ImGui::GetFrameHeight()) / 2);
    ImGui::SetCursorPos({space::padding * scale, y});
    draw_job(bench);
    ImGui::SameLine(0, 0);
    const float job_end = ImGui::GetCursorPosX() + 2 * space::padding * scale;

    const Workspace& workspace = bench.workspace;
    const std::string live = live_text(workspace);
    char frame[32];
    std::snprintf(frame, sizeof frame, "UI %4.1f ms", bench.frame_times.recent_ms());
    const float frame_width = label_size(frame, TextStyle::caption_number).x;
    const float live_width = label_size(live, TextStyle::caption_number).x;
    const float right = width - space::padding * scale;
    const float right_start = right - frame_width - live_width - 2 * space::padding * scale;

    if (workspace.config_error.empty()) {
        const CellTexts texts = cell_texts(workspace);
        float cell_width = label_size(texts.numbers, TextStyle::caption_number).x +
                           label_size(texts.words, TextStyle::caption).x + 2 * space::gap * scale;
        for (const int branch : texts.branches)
            cell_width += label_size(branch_label(workspace.pattern, branch), TextStyle::caption_number).x + 25 * scale;
        const float place_width = label_size(texts.place, TextStyle::caption).x + 2 * space::gap * scale;
        const bool has_place = job_end + cell_width + place_width < right_start; // the first to go when room is short
        if (has_place) cell_width += place_width;
        const float cell_start = std::max(job_end, (width - cell_width) / 2);
        if (cell_start + cell_width < right_start) {
            ImGui::SameLine(cell_start);
            draw_cell(bench, texts);
            if (has_place) {
                ImGui::SameLine(0, 2 * space::gap * scale);
                text(texts.place, TextStyle::caption, theme().muted);
                mark_item("status/place");
                item_tooltip("Block of the pattern, tile and rank along the curve: of the query, of the key");
            }
        }
    }
    if (right_start > job_end) {
        ImGui::SameLine(right_start);
        text(live, TextStyle::caption_number,
             workspace.live && !workspace.live->error.empty() ? theme().bad : theme().text);
        mark_item("status/live");
        if (workspace.live)
            item_tooltip(workspace.live->error.empty() ? workspace.live->kernel + "; " + workspace.live->verdict
                                                       : workspace.live->error);
    }
    ImGui::SameLine(right - frame_width);
    text(frame, TextStyle::caption_number, theme().muted);
    mark_item("status/frame");
    item_tooltip("Time to build and draw one frame of this window, median of the last 60");
}

} // namespace dilascope
