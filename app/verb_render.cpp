#include "app/assets.h"
#include "app/figure.h"
#include "app/gui_script.h"
#include "app/offscreen.h"
#include "app/stage.h"
#include "app/text_forms.h"
#include "app/verbs.h"
#include "engine/nearest.h"
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <memory>

namespace dilascope {
namespace {

struct Rendering {
    WorkbenchOptions workbench;
    std::string view, size = "1600x1000", theme, region, output, script;
    float scale = 1;
    std::int64_t head = 0;
    bool is_figure = false, is_causal = false;
    double limit_s = 60;
};

int list_views() {
    std::printf("%-12s %s\n", "workbench", "The whole window");
    for (const std::unique_ptr<View>& view : make_views()) std::printf("%-12s %s\n", view->name(), view->help());
    return exit_ok;
}

Result<void> check_view(const std::string& view) {
    const std::vector<std::unique_ptr<View>> views = make_views();
    std::vector<std::string_view> names = {"workbench"};
    for (const std::unique_ptr<View>& known : views) names.push_back(known->name());
    if (std::find(names.begin(), names.end(), view) == names.end())
        return fail("--view is \"" + view + "\"" + nearest_hint(view, names));
    return {};
}

// The head and the part of the matrix asked for.
Result<void> select(Workspace& workspace, const Rendering& rendering) {
    if (rendering.head < 0 || rendering.head >= workspace.problem.heads)
        return fail("--head is " + std::to_string(rendering.head) + "; expected 0 … " +
                    std::to_string(workspace.problem.heads - 1));
    workspace.select_head(rendering.head);
    if (rendering.region.empty()) return {};
    const Region region = TRY(parse_region("--region", rendering.region, workspace.problem));
    workspace.camera.fitted = false;
    workspace.camera.q_centre = double(region.q.begin + region.q.end) / 2;
    workspace.camera.k_centre = double(region.k.begin + region.k.end) / 2;
    workspace.camera.span = double(std::max(region.q.size(), region.k.size()));
    return {};
}

Result<void> wait_until_complete(Stage& stage, double limit_s) {
    Workbench& workbench = stage.workbench();
    if (!stage.settle(limit_s))
        return fail("the picture is not complete after " + std::to_string(int(limit_s)) +
                    " s; render a smaller problem or a view that needs no engine, or raise --limit");
    if (!workbench.workspace.config_error.empty()) return fail(workbench.workspace.config_error);
    return {};
}

// Plays the session that is to come before the picture.
Result<void> play(const std::string& file, Stage& stage, Offscreen& surface) {
    if (file.empty()) return {};
    GuiScript script = TRY(GuiScript::load(file));
    while (script.step(stage, surface.take_events(0))) {
    }
    if (!script.error().empty()) return fail(script.error());
    return {};
}

Result<int> render(Rendering rendering) {
    if (rendering.view == "list") return list_views();
    TRY(check_view(rendering.view));
    if (rendering.output.empty()) return fail("--output is missing; expected a file ending in .png, .svg or .pdf");
    const PixelSize size = TRY(parse_size("--size", rendering.size, 64, 16384));
    std::string ending = std::filesystem::path(rendering.output).extension().string();
    if (ending != ".png" && ending != ".svg" && ending != ".pdf")
        return fail("--output is \"" + rendering.output + "\"; expected a file ending in .png, .svg or .pdf");
    const bool is_vector = ending != ".png";
    const bool is_window = rendering.view == "workbench";
    if (is_window && (is_vector || rendering.is_figure))
        return fail("--view workbench is drawn as pixels only; give an --output ending in .png");
    const bool as_figure = is_vector || rendering.is_figure;
    WorkbenchOptions& options = rendering.workbench;
    options.is_persistent = false;
    options.scale = rendering.scale;
    // A figure is for paper, a picture of the screen looks like the screen.
    options.theme =
        rendering.theme == "light" || (rendering.theme.empty() && as_figure) ? ThemeMode::light : ThemeMode::dark;
    if (rendering.is_causal) options.causal = true;

    const std::unique_ptr<Offscreen> surface = TRY(Offscreen::open(int(size.width), int(size.height)));
    Stage stage(*surface, options);
    Workbench& workbench = stage.workbench();
    if (!is_window) workbench.layout() = leaf({rendering.view});
    workbench.shows_bars = is_window;
    if (!is_window) workbench.workspace.live_enabled = workbench.find_view(rendering.view)->shows_live();
    TRY(wait_until_complete(stage, rendering.limit_s)); // the tensors are there
    TRY(select(workbench.workspace, rendering));
    TRY(play(rendering.script, stage, *surface));
    Picture picture;
    stage.on_drawn = [&] { picture = stage.picture(); };
    TRY(wait_until_complete(stage, rendering.limit_s));
    stage.on_drawn = nullptr;
    if (rendering.script.empty() && !workbench.notices.newest().empty()) return fail(workbench.notices.newest());
    if (!as_figure) {
        TRY(write_picture(picture, rendering.output, rendering.view, workbench.workspace.config));
        return exit_ok;
    }
    FigureOptions figure;
    figure.scale = rendering.scale;
    figure.width = float(size.width) / rendering.scale;
    figure.height = float(size.height) / rendering.scale;
    figure.theme = *options.theme;
    TRY(write_figure(*workbench.find_view(rendering.view), workbench.workspace, rendering.output, figure));
    return exit_ok;
}

} // namespace

void add_render_verb(CLI::App& app, Action& action) {
    auto rendering = std::make_shared<Rendering>();
    CLI::App* verb = app.add_subcommand("render", "Draw a view or the whole window into a file, without a display");
    verb->add_option("--view", rendering->view, "Name of the view, workbench for the whole window, list for all names")
        ->required();
    verb->add_option("--output", rendering->output, "File to write: .png, .svg or .pdf");
    verb->add_option("--size", rendering->size, "Pixels, such as 1600x1000")->capture_default_str();
    verb->add_option("--scale", rendering->scale, "Pixels per logical pixel")
        ->capture_default_str()
        ->check(CLI::Range(0.75, 4.0));
    verb->add_option("--theme", rendering->theme, "dark or light; figures are light when left out")
        ->check(CLI::IsMember({"dark", "light"}));
    verb->add_option("--pattern", rendering->workbench.pattern, "Pattern in its text form");
    verb->add_option("--seq-len", rendering->workbench.seq_len, "Query tokens");
    verb->add_option("--heads", rendering->workbench.heads, "Heads");
    verb->add_flag("--causal", rendering->is_causal, "Exclude keys after the query");
    verb->add_option("--input", rendering->workbench.input,
                     "Tensors (.safetensors or .npz); the shipped ones when no shape is given");
    verb->add_option("--head", rendering->head, "Head to show, from 0")->capture_default_str();
    verb->add_option("--db", rendering->workbench.db, "Run store to show");
    verb->add_option("--region", rendering->region, "Part of the matrix, q0:q1,k0:k1");
    verb->add_flag("--figure", rendering->is_figure, "Draw a PNG as the figure for paper, not as the screen");
    verb->add_option("--script", rendering->script, "GUI script to play before the picture is taken");
    verb->add_option("--limit", rendering->limit_s, "Seconds to wait for the engine")->capture_default_str();
    verb->callback([rendering, &action] {
        action = [rendering] {
            const Result<int> result = render(*rendering);
            return result ? *result : bad_input(result.error().what);
        };
    });
}

} // namespace dilascope
