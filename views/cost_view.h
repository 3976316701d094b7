#pragma once
// Cost view: what the present pattern costs, live while it is edited: exact counts, tiles, memory, the predicted time
// beside the last measured one, and where the time goes.
#include "experiments/machine_rates.h"
#include "views/cost_scene.h"
#include "views/latest_job.h"
#include "views/view.h"

namespace dilascope {

// What is counted in the background; `version` stands for pattern and problem.
struct CostRequest {
    std::uint64_t version = 0;
    Pattern pattern;
    Problem problem;
    std::int64_t tile_tokens = 0; // 0: pairs only
    friend bool operator==(const CostRequest& a, const CostRequest& b) {
        return a.version == b.version && a.tile_tokens == b.tile_tokens;
    }
};
struct CostAnswer {
    CostRequest request;
    Cost cost;
    std::optional<Cost> dense; // the same shapes, without a pattern
};

// Whether a prediction holds; `version` stands for the rest.
struct TroubleRequest {
    std::uint64_t version = 0;
    Case config;
    Problem problem;
    Pattern pattern;
    friend bool operator==(const TroubleRequest& a, const TroubleRequest& b) { return a.version == b.version; }
};

class CostView final : public View {
public:
    CostView();
    const char* name() const override { return "cost"; }
    const char* title() const override { return "Cost"; }
    const char* help() const override {
        return "FLOPs, bytes, tiles and memory of the pattern, its predicted time beside the measured one, and where "
               "the time goes";
    }
    void draw(Workspace& workspace, Canvas& canvas) override;
    bool draw_figure(const Workspace& workspace, Canvas& canvas, Rect rect) override;
    bool is_complete() const override { return is_complete_; }

private:
    void update(const Workspace& workspace);
    void update_measured(const Workspace& workspace);
    void draw_toolbar(Workspace& workspace, Canvas& canvas);
    void draw_hover(const CostLayout& layout, Canvas& canvas);

    LatestJob<CostRequest, CostAnswer> pairs_, tiles_;
    LatestJob<int, std::shared_ptr<const MachineRates>> rates_job_;
    LatestJob<TroubleRequest, std::string> trouble_job_; // in the background: to ask for a backend may open a device
    std::shared_ptr<const MachineRates> rates_;
    std::string backend_trouble_; // why the prediction does not hold for this case
    std::string case_hash_;
    std::uint64_t version_ = 0;
    std::shared_ptr<const std::vector<Run>> runs_; // those that record_ and run_measured_ are of
    PredictionRecord record_;
    std::optional<MeasuredTime> run_measured_; // the newest run of this case
    CostScene scene_;
    CostHover hover_;
    bool is_stale_ = false; // tiles and prediction are of the configuration before
    bool is_complete_ = false;
};

} // namespace dilascope
