#include "views/live_strip.h"
#include "experiments/statistics.h"
#include "views/number_format.h"
#include "views/theme.h"

#include <algorithm>

namespace dilascope {

void draw_live_bars(Canvas& canvas, Rect area, const std::vector<LiveTiming>& history) {
    constexpr float bar_width = 5, gap = 2;
    const auto room = std::size_t(std::max(0.f, area.width / (bar_width + gap)));
    const std::size_t first = history.size() - std::min(history.size(), room);
    double greatest = 0;
    for (std::size_t index = first; index < history.size(); ++index)
        greatest = std::max(greatest, history[index].time_ms);
    float x = area.right() - float(history.size() - first) * (bar_width + gap) + gap;
    canvas.line({area.x, area.bottom()}, {area.right(), area.bottom()}, theme().line);
    for (std::size_t index = first; index < history.size() && greatest > 0; ++index) {
        const float height = std::max(1.f, float(history[index].time_ms / greatest) * area.height);
        const bool newest = index + 1 == history.size();
        canvas.filled_rectangle({x, area.bottom() - height, bar_width, height},
                                newest ? theme().accent : theme().disabled.with_alpha(0.7f));
        x += bar_width + gap;
    }
}

std::string live_change_text(const std::vector<LiveTiming>& history) {
    if (history.size() < 2) return "";
    const LiveTiming& now = history.back();
    const LiveTiming& before = history[history.size() - 2];
    if (!(before.time_ms > 0) || !(now.time_ms > 0)) return "";
    const Summary then = summarize(before.times_ms), since = summarize(now.times_ms);
    const bool is_evident = since.ci_low > then.ci_high || since.ci_high < then.ci_low;
    if (then.count > 0 && since.count > 0 && !is_evident) return "no evidence of a change";
    return format_change(now.time_ms / before.time_ms) +
           (now.time_ms < before.time_ms ? ", faster than before" : ", slower than before");
}

} // namespace dilascope
