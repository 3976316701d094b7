#pragma once
// Workspace: what every view sees each frame: the configuration being edited, the tensors, the newest live result, the
// runs, and the one shared selection. Views read it, change config or selection, and never wait.
#include "engine/pattern/pattern.h"
#include "experiments/case.h"
#include "experiments/live.h"
#include "experiments/qkv.h"
#include "experiments/run.h"
#include "views/matrix_camera.h"
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dilascope {

// One (head, q, k) shared by all views. `hovered` while the mouse is over a cell in any of them; else the picked cell.
struct Selection {
    std::int64_t head = 0;
    std::int64_t q = 0, k = 0;
    bool hovered = false;
    std::int64_t picked_q = 0, picked_k = 0; // where (q, k) returns to when the mouse leaves
    std::set<std::string> run_ids;           // runs selected for overlay
};

// What a view of pattern A and the present one, B, shows.
enum class Compared : std::uint8_t { a, b, difference, swipe };

struct Workspace {
    Case config;                       // edited through set_config()
    Problem problem;                   // of the last valid config
    Pattern pattern;                   // of the last valid config
    std::string config_error;          // why config is not valid; empty when it is
    std::uint64_t version = 0;         // changes with every accepted config
    std::uint64_t problem_version = 0; // of the last config whose problem differed from the one before it

    std::shared_ptr<const Qkv> tensors; // null: generated
    std::string tensors_label;          // "minilm_layer3 · 12 × 512 × 32" or "gaussian, seed 1234"

    // What the present pattern is compared with: "A", while the present one is "B". Empty until one is kept.
    std::optional<Pattern> compare_pattern;
    std::string compare_text;  // of it
    std::string compare_error; // why it cannot serve the present problem; empty when it can
    Compared compared = Compared::b;
    bool has_a() const { return compare_pattern && compare_error.empty(); }
    Compared shown_compared() const { return has_a() ? compared : Compared::b; }

    Selection selection;
    std::int64_t tile_tokens = 64;          // side of the tiles that views lay over the matrix
    MatrixCamera camera;                    // what part of the matrix the pattern and heatmap views show
    HeatmapRequest heatmap;                 // what the heatmap view wants to see; the workbench submits it
    std::shared_ptr<const LiveResult> live; // newest finished, may be null
    bool live_enabled = true;
    double live_pending_s = 0; // age of the request under way

    std::shared_ptr<const std::vector<Run>> runs; // newest snapshot of the store, may be null
    std::string store_status;                     // path, or why there is none

    // Asked for by views, carried out by the workbench at the end of the frame.
    bool run_requested = false;
    std::vector<std::string> commands; // ids of the command table

    Workspace();            // the default case, accepted
    void start(Case first); // begins with this configuration: nothing to undo

    // Accepts a new configuration: validates, bumps version, records undo. An invalid one stays in `config` with its
    // error. Edits with the same non-empty `gesture` (one slider drag) undo as one step.
    void set_config(Case next, const std::string& gesture = "");
    bool undo();
    bool redo();
    bool can_undo() const { return !undo_.empty(); }
    bool can_redo() const { return !redo_.empty(); }
    // Keeps the present pattern as A, or one in its text form; forgets A.
    void keep_as_a();
    Result<void> keep_as_a(const std::string& text);
    void forget_a();
    // From A to B and back, from both to A; nothing without A.
    void flip_compared();

    // The mouse is over a cell, or no longer over any; the picked cell is where the selection rests. Clamped to the
    // matrix.
    void hover(std::int64_t q, std::int64_t k);
    void end_hover();
    void pick(std::int64_t q, std::int64_t k);
    void select_head(std::int64_t head);

private:
    void apply(Case next); // validates `next` into config, problem, pattern, config_error, version
    void check_compare();
    std::vector<Case> undo_, redo_;
    std::string gesture_;
};

} // namespace dilascope
