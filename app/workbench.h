#pragma once
// Workbench: the shell around the views: it owns the workspace, the engine's live run, the run queue and the store
// feed, draws bars, panels and overlays, and carries out commands. A frame never waits for any of them.
#include "app/backend_menu.h"
#include "app/commands.h"
#include "app/file_loading.h"
#include "app/frame_times.h"
#include "app/live_run.h"
#include "app/notices.h"
#include "app/overlay.h"
#include "app/panels.h"
#include "app/session.h"
#include "app/surface.h"
#include "app/tensor_fit.h"
#include "experiments/machine_rates.h"
#include "experiments/run_feed.h"
#include "experiments/run_queue.h"
#include "views/view.h"
#include <memory>
#include <optional>

namespace dilascope {

// How to start. What is left empty comes from the saved session, else from the defaults.
struct WorkbenchOptions {
    std::filesystem::path profile;   // folder of the session and the default run store; empty: the user's own folders
    bool is_persistent = true;       // false: nothing is restored or saved (pictures, tests)
    std::filesystem::path input, db; // tensor file, run store
    std::string pattern;
    std::int64_t seq_len = 0, heads = 0;
    std::optional<bool> causal;
    std::optional<ThemeMode> theme;
    float scale = 0; // 0: the session's, else the display's
};

class Workbench {
public:
    explicit Workbench(const WorkbenchOptions& options);
    ~Workbench(); // saves the session, stops what runs

    // One frame, between ImGui::NewFrame() and ImGui::Render(). `scale`: pixels per logical pixel.
    void frame(const SurfaceEvents& events, const Surface& surface, float scale);

    // Nothing is computed, loaded or run any more: the picture is complete.
    bool is_idle() const;
    // A frame is wanted soon although no event came: something is under way or fading.
    bool is_animating() const;
    // Something finished in the background since the last frame.
    bool has_news();
    // The overlay's name, empty when there is none.
    std::string overlay_name() const { return overlay_ ? overlay_->name() : ""; }
    // Number of the newest request to the live engine; its result is workspace.live when the numbers agree.
    std::uint64_t live_generation() const { return live_.generation(); }

    // Carried out by commands and overlays.
    void open(const std::filesystem::path& path); // tensors, an experiment or a run store, by its ending
    void run_and_save();
    void run_experiment(); // the opened one, all its cases
    void cancel();         // the overlay, else the running experiment
    void show(const std::string& view);
    void use_layout(const std::string& name);
    void reset_layout();
    void open_overlay(std::unique_ptr<Overlay> overlay) { next_overlay_ = std::move(overlay); }
    void execute(const Command& command);
    View* find_view(std::string_view name) const;
    View& focused_view() const; // the one clicked last
    LayoutNode& layout() { return session.layouts[session.layout]; }
    const std::filesystem::path& state_folder() const { return state_folder_; }

    Workspace workspace;
    Session session;
    Notices notices;
    FrameTimes frame_times;
    BackendMenu backend_menu;
    std::vector<std::unique_ptr<View>> views;
    std::vector<Command> commands;
    std::shared_ptr<const Experiment> experiment; // opened from a file, may be null
    std::filesystem::path db;                     // the run store
    RunFeed feed;
    RunQueue queue{machine_rates};
    float scale = 1; // pixels per logical pixel, of this frame
    bool wants_quit = false, wants_full_screen = false;
    bool shows_bars = true; // false: panels only, for pictures of one view

private:
    void restore(const WorkbenchOptions& options);
    void start_config(const WorkbenchOptions& options);
    void take_background();
    void take_loaded(const LoadedFile& loaded);
    void use_tensors(const std::filesystem::path& path, std::shared_ptr<const Qkv> tensors);
    void dispatch(const Chord& chord);
    void carry_out_requests();
    void draw_root();
    void draw_bars();
    void draw_overlay();
    bool waits_for_tensors() const;
    std::shared_ptr<const Qkv> tensors_in_use() const;

    std::filesystem::path state_folder_;
    bool is_persistent_ = true;
    bool has_started_ = false; // tensors were there once
    ShapeWish wish_;           // of the next tensors
    Panels panels_;
    LiveRun live_;
    FileLoading loading_;
    std::shared_ptr<const Qkv> tensors_;
    std::uint64_t feed_generation_ = 0;
    std::int64_t queue_completed_ = 0;
    std::unique_ptr<Overlay> overlay_, next_overlay_;
};

} // namespace dilascope
