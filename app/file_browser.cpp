#include "app/file_browser.h"
#include "app/assets.h"
#include "app/controls.h"
#include "app/spec_file.h"
#include "app/workbench.h"
#include "views/number_format.h"
#include <algorithm>
#include <cctype>
#include <imgui_stdlib.h>

namespace dilascope {
namespace {

const std::vector<std::string> openable = {".safetensors", ".npz", ".toml", ".sqlite", ".db"};

std::string lower(std::string text) {
    for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

} // namespace

FolderListing list_folder(const std::filesystem::path& folder, const std::vector<std::string>& endings) {
    FolderListing listing{folder, {}, ""};
    std::error_code error;
    std::filesystem::directory_iterator at(folder, std::filesystem::directory_options::skip_permission_denied, error);
    if (error) {
        listing.error = folder.string() + ": the folder cannot be read (" + error.message() + ")";
        return listing;
    }
    for (; at != std::filesystem::directory_iterator(); at.increment(error)) {
        if (error) break;
        const std::string name = at->path().filename().string();
        if (name.empty() || name[0] == '.') continue;
        FolderEntry entry{at->path(), at->is_directory(error), 0};
        if (!entry.is_folder) {
            const bool fits = endings.empty() || std::find(endings.begin(), endings.end(),
                                                           lower(at->path().extension().string())) != endings.end();
            if (!fits) continue;
            entry.size_bytes = at->file_size(error);
            if (error) entry.size_bytes = 0;
        }
        listing.entries.push_back(std::move(entry));
    }
    std::sort(listing.entries.begin(), listing.entries.end(), [](const FolderEntry& a, const FolderEntry& b) {
        if (a.is_folder != b.is_folder) return a.is_folder;
        return lower(a.path.filename().string()) < lower(b.path.filename().string());
    });
    return listing;
}

FileBrowser::FileBrowser(Use use)
    : use_(use), listing_([](const std::filesystem::path& folder, const std::atomic<bool>&) {
          return list_folder(folder, openable);
      }) {}

void FileBrowser::start(const Workbench& bench) {
    std::error_code error;
    if (!bench.session.recent.empty()) folder_ = bench.session.recent.front().parent_path();
    if (folder_.empty() || !std::filesystem::is_directory(folder_, error))
        folder_ = std::filesystem::current_path(error);
    if (use_ == Use::save) text_ = "experiment.toml";
}

bool FileBrowser::choose(Workbench& bench, const std::filesystem::path& path) {
    if (use_ == Use::open) {
        bench.open(path);
        return true;
    }
    Result<void> saved = save_spec(path, bench.workspace.config, bench.session.input);
    if (!saved) {
        problem_ = saved.error().what;
        return false;
    }
    bench.notices.tell("Saved " + path.string() + "; `dilascope batch` runs it");
    return true;
}

// Enter: a folder is entered, a file opened; the name to save under is taken as it stands.
bool FileBrowser::confirm(Workbench& bench) {
    std::filesystem::path path = text_;
    if (!text_.empty() && text_[0] == '~')
        if (const char* home = std::getenv("HOME")) path = home + text_.substr(1);
    if (path.is_relative()) path = folder_ / path;
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        folder_ = path.lexically_normal();
        text_ = use_ == Use::save ? text_ : "";
        return false;
    }
    if (use_ == Use::save) {
        if (path.extension().empty()) path += ".toml";
        return choose(bench, path);
    }
    if (std::filesystem::exists(path, error)) return choose(bench, path);
    // The only entry that fits what was typed.
    const auto listing = listing_.ask(folder_, 2);
    std::vector<FolderEntry> fitting;
    if (listing)
        for (const FolderEntry& entry : listing->entries)
            if (lower(entry.path.filename().string()).find(lower(text_)) != std::string::npos) fitting.push_back(entry);
    if (!fitting.empty() && (fitting.size() == 1 || !text_.empty())) {
        if (!fitting.front().is_folder) return choose(bench, fitting.front().path);
        folder_ = fitting.front().path;
        text_.clear();
        return false;
    }
    problem_ = path.string() + ": there is no such file";
    return false;
}

bool FileBrowser::draw_path_row(Workbench& bench) {
    if (quiet_button("files/up", "Up", false, TextStyle::caption) && folder_.has_parent_path())
        folder_ = folder_.parent_path();
    item_tooltip("The folder above");
    ImGui::SameLine();
    ImGui::AlignTextToFramePadding();
    text_line(folder_.string(), TextStyle::caption_number, theme().muted);
    if (is_new_) ImGui::SetKeyboardFocusHere();
    is_new_ = false;
    const char* hint = use_ == Use::open ? "Type to find, or a path" : "Name of the experiment file";
    ImGui::SetNextItemWidth(use_ == Use::save ? -90 * bench.scale : -1);
    const std::string before = text_;
    bool confirmed = ImGui::InputTextWithHint("##file", hint, &text_, ImGuiInputTextFlags_EnterReturnsTrue);
    mark_item("files/name");
    if (text_ != before) problem_.clear();
    if (use_ == Use::save) {
        ImGui::SameLine();
        confirmed |= text_button("files/save", "Save", ButtonKind::accent);
    }
    if (!problem_.empty()) {
        ImGui::PushTextWrapPos(0);
        text_line(problem_, TextStyle::caption, theme().bad);
        ImGui::PopTextWrapPos();
    }
    return confirmed && confirm(bench);
}

bool FileBrowser::draw_entries(Workbench& bench, const FolderListing& listing) {
    bool done = false;
    ImGui::BeginChild("entries", {0, 320 * bench.scale});
    int index = 0;
    for (const FolderEntry& entry : listing.entries) {
        const std::string name = entry.path.filename().string();
        if (use_ == Use::open && lower(name).find(lower(text_)) == std::string::npos &&
            text_.find('/') == std::string::npos)
            continue;
        const std::string id = "files/" + std::to_string(index++);
        const std::string shown = (entry.is_folder ? name + "/" : name) + "###" + id;
        const bool clicked = ImGui::Selectable(shown.c_str(), false, 0, {0, ImGui::GetFrameHeight()});
        mark_item(id.c_str());
        if (!entry.is_folder) {
            const std::string size = format_bytes(double(entry.size_bytes)).joined();
            const float width = label_size(size, TextStyle::caption_number).x;
            ImGui::SameLine(ImGui::GetContentRegionMax().x - width - space::gap * bench.scale);
            text_line(size, TextStyle::caption_number, theme().muted);
        }
        if (!clicked) continue;
        if (entry.is_folder) {
            folder_ = entry.path;
            if (use_ == Use::open) text_.clear();
        } else if (use_ == Use::save) {
            text_ = name;
        } else {
            done = choose(bench, entry.path);
        }
    }
    if (!listing.error.empty()) text_line(listing.error, TextStyle::caption, theme().bad);
    if (index == 0 && listing.error.empty())
        text_line("No tensors, experiments or run stores here.", TextStyle::caption, theme().muted);
    ImGui::EndChild();
    return done;
}

bool FileBrowser::draw_recent(Workbench& bench) {
    bool done = false;
    const std::filesystem::path example = example_tensors();
    if (!example.empty()) {
        if (quiet_button("files/examples", "Examples", false, TextStyle::caption)) folder_ = example.parent_path();
        item_tooltip("The tensors and experiments that come with the program");
    }
    int index = 0;
    for (const std::filesystem::path& path : bench.session.recent) {
        if (index >= 4) break;
        ImGui::SameLine();
        const std::string id = "files/recent/" + std::to_string(index++);
        if (quiet_button(id.c_str(), path.filename().string(), false, TextStyle::caption)) done = choose(bench, path);
        item_tooltip(path.string());
    }
    return done;
}

bool FileBrowser::draw(Workbench& bench) {
    if (folder_.empty()) start(bench);
    bool open = true;
    text_line(use_ == Use::open ? "Open tensors, an experiment or a run store"
                                : "Save the configuration as an experiment",
              TextStyle::title, theme().text);
    if (draw_path_row(bench)) open = false;
    if (use_ == Use::open && draw_recent(bench)) open = false;
    const std::filesystem::path folder = folder_;
    if (const auto listing = listing_.ask(folder, 2))
        if (draw_entries(bench, *listing)) open = false;
    return open;
}

} // namespace dilascope
