#pragma once
// FileBrowser: picks a file to open or a name to save under, inside the window, so that it works the same everywhere
// and scripts can drive it. Folders are listed in the background.
#include "app/overlay.h"
#include "views/latest_job.h"
#include <filesystem>
#include <string>
#include <vector>

namespace dilascope {

struct FolderEntry {
    std::filesystem::path path;
    bool is_folder = false;
    std::uintmax_t size_bytes = 0;
    friend bool operator==(const FolderEntry&, const FolderEntry&) = default;
};
struct FolderListing {
    std::filesystem::path folder;
    std::vector<FolderEntry> entries; // folders first, then files that can be opened, by name
    std::string error;
};
// Hidden entries are left out. `endings`: such as ".toml"; empty lists every file.
FolderListing list_folder(const std::filesystem::path& folder, const std::vector<std::string>& endings);

class FileBrowser : public Overlay {
public:
    enum class Use { open, save };
    explicit FileBrowser(Use use);
    const char* name() const override { return use_ == Use::open ? "open" : "save"; }
    float width() const override { return 680; }
    bool draw(Workbench& workbench) override;

private:
    void start(const Workbench& workbench);
    bool draw_path_row(Workbench& workbench);
    bool draw_entries(Workbench& workbench, const FolderListing& listing);
    bool draw_recent(Workbench& workbench);
    bool choose(Workbench& workbench, const std::filesystem::path& path);
    bool confirm(Workbench& workbench);
    Use use_;
    bool is_new_ = true;
    std::filesystem::path folder_;
    std::string text_; // what is typed: a filter, a path, or the name to save under
    std::string problem_;
    LatestJob<std::filesystem::path, FolderListing> listing_;
};

} // namespace dilascope
