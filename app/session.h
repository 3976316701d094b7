#pragma once
// Session: what the workbench remembers between starts: configuration, layout, theme, scale, window size, last files.
#include "app/layout.h"
#include "experiments/case.h"
#include "views/theme.h"
#include <filesystem>
#include <map>
#include <optional>

namespace dilascope {

struct Session {
    std::optional<Case> config;
    std::string compare;                       // text of the pattern kept as A, empty when none
    std::filesystem::path input;               // tensor file that was open, empty when none
    std::string layout = "design";             // name of the layout shown
    std::map<std::string, LayoutNode> layouts; // as the user left them, by name
    ThemeMode theme = ThemeMode::dark;
    float scale = 0; // 0: the display's
    bool live = true;
    int window_width = 1600, window_height = 1000; // logical pixels
    std::vector<std::filesystem::path> recent;     // opened files, newest first
};

// $XDG_STATE_HOME/dilascope, ~/.local/state/dilascope, or the profile folder when one is given.
std::filesystem::path state_folder(const std::filesystem::path& profile);

std::string session_to_text(const Session& session);
// Error when the text is no session; fields that are missing keep their defaults, unknown ones are left alone.
Result<Session> session_from_text(const std::string& text);

// The saved session; nothing when none was saved. Error when it cannot be read; a damaged file is kept beside it as
// session.damaged.json so that nothing is lost.
Result<std::optional<Session>> load_session(const std::filesystem::path& folder);
// Written to a temporary file and renamed.
Result<void> save_session(const std::filesystem::path& folder, const Session& session);

} // namespace dilascope
