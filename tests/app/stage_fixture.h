#pragma once
// A workbench in memory for GUI tests: nothing of the user's is read or written, tensors are generated.
#include "app/gui_script.h"
#include "app/offscreen.h"
#include "app/stage.h"
#include "tests/catch.h"
#include "tests/some_rates.h"
#include <algorithm>
#include <memory>
#include <set>

namespace dilascope {

inline WorkbenchOptions small_workbench() {
    WorkbenchOptions options;
    options.is_persistent = false;
    options.pattern = "longnet segments=32,64,128 rates=1,2,4";
    options.seq_len = 128;
    options.heads = 4;
    return options;
}

struct StageFixture {
    std::unique_ptr<Offscreen> surface;
    std::unique_ptr<Stage> stage;

    explicit StageFixture(const WorkbenchOptions& options = small_workbench(), int width = 1600, int height = 1000) {
        auto opened = Offscreen::open(width, height);
        use_rates(std::make_shared<const MachineRates>(some_rates())); // no stage waits for a calibration
        INFO((opened ? "" : opened.error().what));
        REQUIRE(opened.has_value());
        surface = std::move(*opened);
        stage = std::make_unique<Stage>(*surface, options);
    }
    Workbench& workbench() { return stage->workbench(); }
    void step(int frames = 1) {
        for (int frame = 0; frame < frames; ++frame) stage->step(surface->take_events(0));
    }
    // Plays a script to its end; empty when all went well.
    std::string play(const std::string& text) {
        auto script = GuiScript::parse(text, "script");
        if (!script) return script.error().what;
        while (script->step(*stage, surface->take_events(0))) {
        }
        return script->error();
    }
    Picture picture() { return stage->picture(); }
};

inline std::size_t colour_count(const Picture& picture) {
    return std::set<std::uint32_t>(picture.rgba.begin(), picture.rgba.end()).size();
}

} // namespace dilascope
