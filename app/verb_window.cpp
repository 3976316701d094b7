#include "app/desktop_window.h"
#include "app/figure.h"
#include "app/gui_script.h"
#include "app/stage.h"
#include "app/ui_state.h"
#include "app/verbs.h"
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <imgui.h>
#include <memory>
#include <unistd.h>

namespace dilascope {
namespace {

struct WindowRun {
    WorkbenchOptions workbench;
    std::string theme, script, perf_json, dump_ui, screenshot;
    std::string size;
    std::int64_t frames = 0; // 0: until it is closed
};

// Milliseconds of this process, from its start.
double process_age_ms() {
    // The kernel keeps the start time in clock ticks since boot, as the 22nd field of stat.
    std::FILE* file = std::fopen("/proc/self/stat", "r");
    if (!file) return 0;
    char text[1024] = {};
    const std::size_t length = std::fread(text, 1, sizeof text - 1, file);
    std::fclose(file);
    const std::string_view stat(text, length);
    std::size_t at = stat.rfind(')'); // field 2 may hold spaces
    for (int field = 2; field < 22 && at != std::string_view::npos; ++field) at = stat.find(' ', at + 1);
    if (at == std::string_view::npos) return 0;
    const double start_s = std::strtod(text + at + 1, nullptr) / double(sysconf(_SC_CLK_TCK));
    timespec now = {};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (double(now.tv_sec) + double(now.tv_nsec) * 1e-9 - start_s) * 1e3;
}

// How long the next frame may wait for events: not at all while the mouse or a script changes what is seen, a frame's
// time while the engine works, long when nothing happens.
double wait_time_s(Stage& stage, int lively_frames, bool is_timed) {
    constexpr double frame_s = 1.0 / 60;
    if (is_timed) return stage.has_changed() ? 0 : frame_s;
    if (lively_frames > 0) return 0;
    return stage.workbench().is_animating() ? frame_s : 0.25;
}

class Loop {
public:
    Loop(Stage& stage, const WindowRun& run, std::optional<GuiScript> script)
        : stage_(stage), run_(run), script_(std::move(script)),
          is_timed_(run.frames > 0 || script_ || !run.perf_json.empty()) {
        stage.times_drawing = !run.perf_json.empty();
    }

    // Until the window is closed, the script is over or the frames are drawn. False when the script failed.
    bool play() {
        Workbench& workbench = stage_.workbench();
        while (!workbench.wants_quit) {
            const SurfaceEvents events = stage_.surface().take_events(wait_time_s(stage_, lively_, is_timed_));
            if (events.any) lively_ = lively_frames_;
            const bool is_typing = ImGui::GetIO().WantTextInput; // its cursor blinks
            const bool draws =
                is_timed_ || lively_ > 0 || workbench.has_news() || workbench.is_animating() || is_typing;
            if (!draws) continue;
            lively_ = std::max(0, lively_ - 1);
            if (!draw(events)) break;
        }
        return !script_ || script_->error().empty();
    }

    std::string script_error() const { return script_ ? script_->error() : std::string(); }

private:
    bool draw(const SurfaceEvents& events) {
        FrameTimes& times = stage_.workbench().frame_times;
        bool goes_on = true;
        if (script_) {
            goes_on = script_->step(stage_, events);
        } else {
            stage_.step(events);
        }
        if (times.startup_ms == 0) times.startup_ms = process_age_ms();
        if (run_.frames > 0 && times.count() >= run_.frames) goes_on = false;
        return goes_on;
    }

    static constexpr int lively_frames_ = 6; // drawn after an event: hovers, tooltips and layouts settle
    Stage& stage_;
    const WindowRun& run_;
    std::optional<GuiScript> script_;
    bool is_timed_;
    int lively_ = lively_frames_;
};

Result<void> write_reports(Stage& stage, const WindowRun& run) {
    if (!run.screenshot.empty()) {
        Picture picture;
        stage.on_drawn = [&] { picture = stage.picture(); };
        stage.settle(30);
        stage.on_drawn = nullptr;
        TRY(write_picture(picture, run.screenshot, "Dilascope", stage.workbench().workspace.config));
    }
    if (!run.dump_ui.empty()) TRY(write_ui_state(stage.workbench(), run.dump_ui));
    if (!run.perf_json.empty()) TRY(stage.workbench().frame_times.write_json(run.perf_json));
    return {};
}

Result<WindowOptions> window_options(const WindowRun& run) {
    WindowOptions options;
    options.vsync = run.perf_json.empty();
    if (!run.size.empty()) {
        int used = 0;
        if (std::sscanf(run.size.c_str(), "%dx%d%n", &options.width, &options.height, &used) != 2 ||
            used != int(run.size.size()) || options.width < 320 || options.height < 240 || options.width > 16384 ||
            options.height > 16384)
            return fail("--size is \"" + run.size + "\"; expected WIDTHxHEIGHT of at least 320x240, such as 1600x1000");
        return options;
    }
    const Result<std::optional<Session>> saved = load_session(state_folder(run.workbench.profile));
    if (saved && *saved) {
        options.width = (*saved)->window_width;
        options.height = (*saved)->window_height;
    }
    return options;
}

Result<int> run_window(WindowRun run) {
    if (run.theme == "light") run.workbench.theme = ThemeMode::light;
    if (run.theme == "dark") run.workbench.theme = ThemeMode::dark;
    std::optional<GuiScript> script;
    if (!run.script.empty()) script = TRY(GuiScript::load(run.script));
    const std::unique_ptr<DesktopWindow> window = TRY(DesktopWindow::open(TRY(window_options(run))));
    Stage stage(*window, run.workbench);
    Loop loop(stage, run, std::move(script));
    const bool is_good = loop.play();
    TRY(write_reports(stage, run));
    if (!is_good) {
        std::fprintf(stderr, "dilascope: %s\n", loop.script_error().c_str());
        return exit_cases_failed;
    }
    return exit_ok;
}

} // namespace

void add_window(CLI::App& app, Action& action) {
    auto run = std::make_shared<WindowRun>();
    app.add_option("--input", run->workbench.input, "Tensors to open (.safetensors or .npz)");
    app.add_option("--pattern", run->workbench.pattern, "Pattern to start with, in its text form");
    app.add_option("--seq-len", run->workbench.seq_len, "Query tokens to start with");
    app.add_option("--heads", run->workbench.heads, "Heads to start with");
    app.add_option("--db", run->workbench.db, "Run store to show and to save into");
    app.add_option("--theme", run->theme, "dark or light")->check(CLI::IsMember({"dark", "light"}));
    app.add_option("--scale", run->workbench.scale, "Size of everything; the display's own when left out")
        ->check(CLI::Range(0.75, 3.0));
    app.add_option("--size", run->size, "Size of the window, such as 1600x1000");
    app.add_option("--profile", run->workbench.profile,
                   "Folder of the session and the run store, in place of the user's");
    app.add_option("--script", run->script, "GUI script to play; the window closes after it");
    app.add_option("--frames", run->frames, "Close the window after so many frames");
    app.add_option("--perf-json", run->perf_json, "Write the frame times to this file");
    app.add_option("--dump-ui", run->dump_ui, "Write what is on screen to this file, as JSON, before closing");
    app.add_option("--screenshot", run->screenshot, "Write the window as PNG before closing");
    action = [run] {
        const Result<int> result = run_window(*run);
        return result ? *result : bad_input(result.error().what);
    };
}

} // namespace dilascope
