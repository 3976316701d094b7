#include "views/figure_frame.h"
#include "views/theme.h"

namespace dilascope {

Rect draw_figure_frame(Canvas& canvas, Rect figure, const std::string& title, const std::string& subtitle,
                       const Case& config) {
    constexpr float margin = 16, header = 34, footer = 26;
    const Theme& colours = theme();
    canvas.filled_rectangle(figure, colours.panel);
    const Rect inner = figure.inset(margin);
    canvas.text({inner.x, inner.y}, title, TextStyle::title, colours.text);
    const float title_width = canvas.text_size(title, TextStyle::title).x;
    canvas.text({inner.x + title_width + 12, inner.y + 2}, subtitle, TextStyle::caption, colours.muted);
    const float bottom = inner.bottom() - 14;
    canvas.text({inner.x, bottom}, case_text(config), TextStyle::caption_number, colours.muted);
    canvas.text({inner.right(), bottom}, case_hash(config), TextStyle::caption_number, colours.muted, Align::right);
    return {inner.x, inner.y + header, inner.width, std::max(1.f, inner.height - header - footer)};
}

} // namespace dilascope
