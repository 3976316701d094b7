#pragma once
// Palette: one box that finds commands, presets and saved runs by a few letters, and accepts a pattern's text form.
#include "app/overlay.h"
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dilascope {

// How well `query` matches: its letters appear in order, best at the starts of words and together. −1: not at all.
int match_score(std::string_view query, std::string_view text);

class Palette : public Overlay {
public:
    const char* name() const override { return "palette"; }
    float width() const override { return 620; }
    bool draw(Workbench& workbench) override;

private:
    struct Entry {
        std::string title, detail, keys;
        bool enabled = true;
        std::function<void(Workbench&)> action;
        int score = 0;
    };
    std::vector<Entry> find(const Workbench& workbench) const;
    bool draw_entries(Workbench& workbench, const std::vector<Entry>& entries, bool confirmed);
    std::string query_;
    int chosen_ = 0;
    bool is_new_ = true, moved_ = false;
};

} // namespace dilascope
