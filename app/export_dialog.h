#pragma once
// ExportDialog: the focused view as a figure file for a paper or a slide.
#include "app/figure.h"
#include "app/overlay.h"
#include <string>

namespace dilascope {

class ExportDialog : public Overlay {
public:
    explicit ExportDialog(const Workbench& workbench);
    const char* name() const override { return "export"; }
    float width() const override { return 520; }
    bool draw(Workbench& workbench) override;

private:
    void set_format(const char* ending);
    bool write(Workbench& workbench);
    std::string view_, path_, problem_;
    int size_[2] = {960, 640};
    FigureOptions options_;
    bool is_new_ = true;
};

// Writes the focused view's figure as PNG into the state folder and copies the path: a desktop's clipboard takes text.
void copy_view_image(Workbench& workbench);

} // namespace dilascope
