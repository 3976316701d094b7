#include "app/go_to.h"
#include "app/controls.h"
#include "app/workbench.h"
#include "views/number_format.h"
#include <charconv>
#include <imgui_stdlib.h>

namespace dilascope {

std::optional<std::pair<std::int64_t, std::int64_t>> parse_cell(std::string_view text) {
    std::int64_t numbers[2] = {};
    int count = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        if (*at == ' ' || *at == ',') {
            ++at;
            continue;
        }
        if (count == 2) return std::nullopt;
        const auto [next, error] = std::from_chars(at, end, numbers[count]);
        if (error != std::errc() || numbers[count] < 0) return std::nullopt;
        at = next;
        ++count;
    }
    if (count == 0) return std::nullopt;
    return std::pair(numbers[0], count == 2 ? numbers[1] : numbers[0]);
}

GoTo::GoTo(const Workbench& bench)
    : text_(std::to_string(bench.workspace.selection.picked_q) + " " +
            std::to_string(bench.workspace.selection.picked_k)) {}

bool GoTo::draw(Workbench& bench) {
    bool open = true;
    text_line("Go to query and key", TextStyle::title, theme().text);
    if (is_new_) ImGui::SetKeyboardFocusHere();
    is_new_ = false;
    ImGui::SetNextItemWidth(-1);
    const bool confirmed =
        ImGui::InputTextWithHint("##cell", "query key, such as 512 40", &text_,
                                 ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll);
    mark_item("go_to/cell");
    const auto cell = parse_cell(text_);
    const Problem& problem = bench.workspace.problem;
    const bool is_inside = cell && cell->first < problem.seq_len && cell->second < problem.kv_len;
    if (!is_inside)
        text_line("query 0 … " + format_count(problem.seq_len - 1) + ", key 0 … " + format_count(problem.kv_len - 1),
                  TextStyle::caption, text_.empty() ? theme().muted : theme().warning);
    if (confirmed && is_inside) {
        bench.workspace.pick(cell->first, cell->second);
        MatrixCamera& camera = bench.workspace.camera;
        camera.q_centre = double(cell->first); // where it looks once it is not fitted
        camera.k_centre = double(cell->second);
        open = false;
    }
    return open;
}

} // namespace dilascope
