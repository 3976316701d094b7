#include "views/cost_view.h"
#include "engine/backends/backend.h"
#include "experiments/background_thread.h"
#include "views/figure_frame.h"
#include "views/number_format.h"
#include "views/theme.h"
#include "views/widgets.h"
#include <array>
#include <fmt/format.h>
#include <imgui.h>

namespace dilascope {

namespace {

constexpr float dimmed = 0.5f;
constexpr std::array<std::int64_t, 5> tile_sizes = {16, 32, 64, 128, 256};

CostAnswer count_cost(const CostRequest& request, const std::atomic<bool>& cancel) {
    CostAnswer answer{request, pair_cost(request.pattern, request.problem), std::nullopt};
    if (request.tile_tokens == 0) return answer;
    const TileSize size{request.tile_tokens, request.tile_tokens};
    if (Result<Cost> cost = cost_of(request.pattern, request.problem, size, &cancel)) answer.cost = std::move(*cost);
    if (Result<Cost> dense = cost_of({Dense{}}, request.problem, size, &cancel)) answer.dense = std::move(*dense);
    return answer;
}

// Why the rates say nothing about a case; "" when they do.
std::string trouble_of(const TroubleRequest& asked, const CancelFlag&) {
    const auto backend = find_backend(asked.config.backend, asked.problem, asked.pattern);
    if (!backend) return backend.error().what;
    const KernelChoice choice = (*backend)->choose(asked.problem, asked.pattern);
    if (asked.config.direction != "forward") return "no prediction for " + asked.config.direction;
    if (asked.config.cache != "hot") return "no prediction for cold caches";
    if (!is_predictable(choice.kernel, asked.config.cache)) return "no prediction for " + choice.kernel;
    return "";
}

} // namespace

CostView::CostView()
    : pairs_(count_cost), tiles_(count_cost, JobPace::later), rates_job_([](const int&, const std::atomic<bool>&) {
          yield_to_the_window(); // what disturbs the calibration then is told by its spread
          return machine_rates();
      }),
      trouble_job_(trouble_of) {}

void CostView::update_measured(const Workspace& workspace) {
    if (version_ != workspace.version || case_hash_.empty()) {
        version_ = workspace.version;
        case_hash_ = case_hash(workspace.config);
        runs_ = nullptr;
    }
    if (runs_ == workspace.runs && runs_) return;
    runs_ = workspace.runs;
    run_measured_.reset();
    const std::span<const Run> runs = runs_ ? std::span<const Run>(*runs_) : std::span<const Run>();
    if (rates_) record_ = prediction_record(runs, *rates_);
    const Run* newest = nullptr;
    for (const Run& run : runs)
        if (run.case_hash == case_hash_ && run.status == RunStatus::done && run.time_ms_median > 0 &&
            (!newest || run.id > newest->id))
            newest = &run;
    if (newest) run_measured_ = MeasuredTime{newest->time_ms_median, "Median of run " + newest->id};
}

void CostView::update(const Workspace& workspace) {
    if (!rates_) {
        if (const auto known = rates_job_.ask(0, 0)) rates_ = *known;
        if (rates_) runs_ = nullptr; // the record of runs is the rates' too
    }
    update_measured(workspace);
    const TroubleRequest asked{workspace.version, workspace.config, workspace.problem, workspace.pattern};
    if (const auto trouble = trouble_job_.ask(asked)) backend_trouble_ = *trouble;
    CostRequest request{workspace.version, workspace.pattern, workspace.problem, 0};
    const auto pairs = pairs_.ask(request);
    request.tile_tokens = workspace.tile_tokens;
    const auto tiles = tiles_.ask(request, 0);
    const bool has_tiles = tiles && tiles->request == request;
    is_complete_ = has_tiles && trouble_job_.pending_s() == 0 && (rates_ || rates_job_.pending_s() == 0);
    is_stale_ = !has_tiles && tiles_.pending_s() > stale_after_s;

    CostFacts facts;
    facts.threads = rates_ ? rates_->threads : this_environment().threads;
    facts.record = record_;
    if (tiles) facts.cost = tiles->cost;
    if (!has_tiles && pairs && pairs->request.version == workspace.version) {
        // The exact pairs of now, and the tiles and plan of before until theirs are counted.
        Cost cost = pairs->cost;
        cost.tiles = facts.cost.tiles, cost.tile_size = facts.cost.tile_size;
        cost.work = facts.cost.work, cost.is_planned = facts.cost.is_planned, cost.plan_bytes = facts.cost.plan_bytes;
        facts.cost = cost;
    }
    if (!backend_trouble_.empty())
        facts.no_prediction = backend_trouble_;
    else if (!rates_)
        facts.no_prediction =
            rates_job_.pending_s() > 0 ? "measuring this machine's rates …" : "no cpu backend to measure rates with";
    else if (tiles)
        facts.prediction = predict(tiles->cost, *rates_, record_);
    if (facts.prediction && tiles->dense) facts.dense = predict(*tiles->dense, *rates_, record_);
    const LiveResult* live = workspace.live.get();
    if (live && live->error.empty() && live->time_ms_median > 0 && live->config == workspace.config)
        facts.measured =
            MeasuredTime{live->time_ms_median, fmt::format("Median of {} live calls", live->times_ms.size())};
    else
        facts.measured = run_measured_;
    scene_ = make_cost_scene(facts);
}

void CostView::draw(Workspace& workspace, Canvas& canvas) {
    update(workspace);
    draw_toolbar(workspace, canvas);
    const Rect area = content_area(canvas);
    if (area.width < 100) return;
    const CostLayout layout = layout_cost(scene_, area);
    ImGui::Dummy({area.width * canvas.scale(), layout.height * canvas.scale()}); // the panel scrolls over it
    draw_hover(layout, canvas);
    draw_cost(canvas, scene_, layout, hover_, is_stale_ ? dimmed : 1.f);
}

void CostView::draw_toolbar(Workspace& workspace, Canvas& canvas) {
    ImGui::AlignTextToFramePadding();
    text_line("Tiles", TextStyle::caption, theme().muted);
    item_tooltip("Side of the square tiles that are counted; the pattern view draws the same ones");
    int chosen = -1;
    std::array<std::string, tile_sizes.size()> texts;
    std::array<const char*, tile_sizes.size()> labels{};
    for (std::size_t index = 0; index < tile_sizes.size(); ++index) {
        texts[index] = std::to_string(tile_sizes[index]);
        labels[index] = texts[index].c_str();
        if (tile_sizes[index] == workspace.tile_tokens) chosen = int(index);
    }
    ImGui::SameLine();
    if (segmented_buttons("cost/tile", labels, chosen)) workspace.tile_tokens = tile_sizes[std::size_t(chosen)];
    if (!scene_.is_measured) {
        if (content_area(canvas).width > 420) ImGui::SameLine(0, space::padding * canvas.scale());
        if (text_button("cost/run", "Run and save", ButtonKind::accent)) workspace.run_requested = true;
        item_tooltip("Measures this configuration and stores it beside its prediction");
    }
    ImGui::Dummy({0, space::grid * canvas.scale()});
}

void CostView::draw_hover(const CostLayout& layout, Canvas& canvas) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const bool inside = ImGui::IsWindowHovered();
    const Point at = canvas.from_screen({mouse.x, mouse.y});
    hover_ = inside ? hover_at(layout, at) : CostHover{};
    if (!inside) return;
    std::string help, value;
    if (hover_.row >= 0) {
        const CostRow& row = scene_.cards[std::size_t(hover_.card)].rows[std::size_t(hover_.row)];
        help = row.help;
        value = row.unit.empty() ? row.value : row.value + " " + row.unit;
    } else if (hover_.bar >= 0) {
        const WaterfallBar& bar = scene_.bars[std::size_t(hover_.bar)];
        value = format_exact(bar.kind == WaterfallBar::total ? bar.to_ms : bar.change_ms(), "ms");
        help = value + "\n" + bar.help;
    } else if (layout.headline.contains(at)) {
        help = scene_.headline_help;
        value = scene_.headline + " " + scene_.headline_unit;
    }
    if (help.empty()) return;
    if (ImGui::IsMouseClicked(0)) ImGui::SetClipboardText(value.c_str());
    if (ImGui::IsAnyMouseDown()) return;
    ImGui::BeginTooltip();
    ImGui::PushTextWrapPos(ImGui::GetFontSize() * 24);
    ImGui::TextUnformatted((help + "\nClick copies " + value).c_str());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
}

bool CostView::draw_figure(const Workspace& workspace, Canvas& canvas, Rect rect) {
    update(workspace);
    const Rect area = draw_figure_frame(canvas, rect, "Cost", scene_.measured, workspace.config);
    canvas.push_clip(area);
    draw_cost(canvas, scene_, layout_cost(scene_, area));
    canvas.pop_clip();
    return true;
}

} // namespace dilascope
