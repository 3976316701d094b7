#include "app/export_dialog.h"
#include "app/controls.h"
#include "app/workbench.h"
#include <imgui_stdlib.h>

namespace dilascope {

ExportDialog::ExportDialog(const Workbench& bench) : view_(bench.focused_view().name()) {
    std::error_code error;
    path_ = (std::filesystem::current_path(error) / (view_ + ".pdf")).string();
}

void ExportDialog::set_format(const char* ending) {
    path_ = std::filesystem::path(path_).replace_extension(ending).string();
    problem_.clear();
}

bool ExportDialog::write(Workbench& bench) {
    View* view = bench.find_view(view_);
    if (!view) return true;
    options_.width = float(size_[0]);
    options_.height = float(size_[1]);
    const Result<void> written = write_figure(*view, bench.workspace, path_, options_);
    if (!written) {
        problem_ = written.error().what;
        return false;
    }
    bench.notices.tell("Wrote " + path_);
    return true;
}

bool ExportDialog::draw(Workbench& bench) {
    bool open = true;
    text_line("Export figure", TextStyle::title, theme().text);
    const float column = 96 * bench.scale;
    const auto field = [&](const char* text) {
        ImGui::AlignTextToFramePadding();
        text_line(text, TextStyle::body, theme().muted);
        ImGui::SameLine(column);
    };
    field("View");
    for (const std::unique_ptr<View>& view : bench.views) {
        const std::string id = std::string("export/view/") + view->name();
        if (quiet_button(id.c_str(), view->title(), view_ == view->name(), TextStyle::caption)) {
            path_ = (std::filesystem::path(path_).parent_path() / view->name()).string() +
                    std::filesystem::path(path_).extension().string();
            view_ = view->name();
        }
        ImGui::SameLine(0, space::grid * bench.scale);
    }
    ImGui::NewLine();
    field("Format");
    for (const char* ending : {".pdf", ".svg", ".png"}) {
        const std::string id = std::string("export/format/") + (ending + 1);
        if (quiet_button(id.c_str(), ending + 1, std::filesystem::path(path_).extension() == ending,
                         TextStyle::caption))
            set_format(ending);
        ImGui::SameLine(0, space::grid * bench.scale);
    }
    ImGui::NewLine();
    field("Size");
    ImGui::SetNextItemWidth(140 * bench.scale);
    ImGui::InputInt2("##size", size_);
    mark_item("export/size");
    for (int& length : size_) length = std::clamp(length, 160, 8000);
    ImGui::SameLine();
    text_line("px", TextStyle::caption, theme().muted);
    field("Theme");
    if (quiet_button("export/light", "light, for paper", options_.theme == ThemeMode::light, TextStyle::caption))
        options_.theme = ThemeMode::light;
    ImGui::SameLine(0, space::grid * bench.scale);
    if (quiet_button("export/dark", "dark, for slides", options_.theme == ThemeMode::dark, TextStyle::caption))
        options_.theme = ThemeMode::dark;
    field("File");
    if (is_new_) ImGui::SetKeyboardFocusHere();
    is_new_ = false;
    ImGui::SetNextItemWidth(-1);
    bool confirmed = ImGui::InputText("##path", &path_, ImGuiInputTextFlags_EnterReturnsTrue);
    mark_item("export/path");
    ImGui::Spacing();
    confirmed |= text_button("export/write", "Export", ButtonKind::accent);
    if (!problem_.empty()) {
        ImGui::PushTextWrapPos(0);
        text_line(problem_, TextStyle::caption, theme().bad);
        ImGui::PopTextWrapPos();
    }
    if (confirmed && write(bench)) open = false;
    return open;
}

void copy_view_image(Workbench& bench) {
    View& view = bench.focused_view();
    const std::filesystem::path folder = bench.state_folder() / "figures";
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const std::filesystem::path path =
        folder / (std::string(view.name()) + "-" + case_hash(bench.workspace.config) + ".png");
    FigureOptions options;
    options.theme = theme().mode;
    if (const Result<void> written = write_figure(view, bench.workspace, path, options); !written) {
        bench.notices.warn(written.error().what);
        return;
    }
    ImGui::SetClipboardText(path.c_str());
    bench.notices.tell("Copied the path of " + path.string());
}

} // namespace dilascope
