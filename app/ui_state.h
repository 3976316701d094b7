#pragma once
// UiState: what the program knows and shows, by name, for GUI scripts and --dump-ui.
#include "app/workbench.h"
#include <map>
#include <string>

namespace dilascope {

// "config.seq_len", "selection.q", "live.time_ms_median", "layout" … as text.
std::map<std::string, std::string> ui_values(const Workbench& workbench);

// Everything on screen as JSON: {"items": [{"id", "rect", "enabled"} …], "values": {…}}. Error when it cannot be
// written.
Result<void> write_ui_state(const Workbench& workbench, const std::filesystem::path& path);

} // namespace dilascope
