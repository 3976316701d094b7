#include "views/config_view.h"
#include "views/cost_view.h"
#include "views/heatmap_view.h"
#include "views/hilbert_view.h"
#include "views/inspector_view.h"
#include "views/pattern_view.h"
#include "views/reach_view.h"
#include "views/runs_view.h"
#include "views/timing_view.h"

namespace dilascope {

std::vector<std::unique_ptr<View>> make_views() {
    std::vector<std::unique_ptr<View>> views;
    views.push_back(std::make_unique<ConfigView>());
    views.push_back(std::make_unique<PatternView>());
    views.push_back(std::make_unique<HeatmapView>());
    views.push_back(std::make_unique<TimingView>());
    views.push_back(std::make_unique<HilbertView>());
    views.push_back(std::make_unique<ReachView>());
    views.push_back(std::make_unique<RunsView>());
    views.push_back(std::make_unique<InspectorView>());
    views.push_back(std::make_unique<CostView>());
    return views;
}

} // namespace dilascope
