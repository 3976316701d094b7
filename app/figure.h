#pragma once
// Pictures of views as files: the vector figure on paper, or the pixels of the screen.
#include "app/surface.h"
#include "engine/result.h"
#include "views/theme.h"
#include "views/view.h"
#include <filesystem>

namespace dilascope {

struct FigureOptions {
    float width = 960, height = 640;    // logical pixels
    float scale = 2;                    // device pixels of a PNG in a logical one
    ThemeMode theme = ThemeMode::light; // paper is white
};

// The view's figure as PNG, SVG or PDF, by the extension; configuration and hash are in its corner and in the file.
// Errors: the view has no figure form, and save_figure's.
Result<void> write_figure(View& view, const Workspace& workspace, const std::filesystem::path& path,
                          const FigureOptions& options);

// Pixels as PNG, with the configuration in text chunks. Errors name the path and the reason.
Result<void> write_picture(const Picture& picture, const std::filesystem::path& path, const std::string& title,
                           const Case& config);

// The part of a picture inside a rectangle of pixels.
Picture crop(const Picture& picture, Rect pixels);

} // namespace dilascope
