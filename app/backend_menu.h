#pragma once
// BackendMenu: the backend's chip in the top bar and the menu under it: what each backend is, and what it took for the
// present configuration. To ask cuda what it is opens its device, so that is done on a thread of its own.
#include "views/latest_job.h"
#include "views/theme.h"
#include "views/workspace.h"
#include <map>
#include <string>
#include <vector>

namespace dilascope {

class Workbench;

struct BackendFacts {
    std::string name, status; // "cpu", "2 threads, AVX2"
    bool is_available = false;
};

class BackendMenu {
public:
    BackendMenu();
    // Takes the newest live time in; those of another configuration are forgotten. Once two backends have one, the
    // sentence that compares them, else "".
    std::string remember(const Workspace& workspace);
    // What backend=auto passed over for the present configuration, when that is another answer than before; else "".
    std::string told_reason(const Workspace& workspace);
    // The available backend after the one in use, "" while they are not known or there is no other.
    std::string next_backend(const Workspace& workspace);
    std::string chip_text(const Workspace& workspace) const; // "cpu · f32"
    void draw(Workbench& bench);
    // What the open menu shows is still being asked.
    bool is_pending() const { return is_open_ && facts_.pending_s() > 0; }

private:
    struct Chip {
        Colour dot;
        std::string help;
    };
    Chip chip(const Workspace& workspace) const;
    void draw_entry(Workspace& workspace, const std::string& name, const std::string& status, bool is_enabled);
    std::string time_text(const std::string& name) const;

    LatestJob<int, std::vector<BackendFacts>> facts_; // asked anew each time the menu opens: a device may be lost
    std::shared_ptr<const std::vector<BackendFacts>> known_;
    int opening_ = 0;
    bool is_open_ = false;
    std::string told_reason_;      // the last
    std::uint64_t remembered_ = 0; // the request whose time was taken in last
    Case timed_config_;            // of times_ms_, but for its backend
    std::map<std::string, double> times_ms_;
};

} // namespace dilascope
