#pragma once
// Config view: the configuration as a form and as its text, side by side; any change is in force the same frame.
#include "views/pattern_form.h"
#include "views/view.h"

namespace dilascope {

class ConfigView final : public View {
public:
    const char* name() const override { return "config"; }
    const char* title() const override { return "Configuration"; }
    const char* help() const override {
        return "Pattern, problem and backend: as a form, or as text to copy and paste";
    }
    void draw(Workspace& workspace, Canvas& canvas) override;

private:
    void draw_pattern(Workspace& workspace);
    void draw_problem(Workspace& workspace);
    void draw_more(Workspace& workspace);
    void draw_text(Workspace& workspace);
    void draw_run(Workspace& workspace);

    FieldEditor editor_{"config"};
    PatternForm pattern_form_;
    Pattern form_;          // what the form shows: the newest text that could be read, or what it made itself
    std::string form_text_; // that it was read from
    std::string text_;      // while it is edited
    bool is_editing_text_ = false;
};

} // namespace dilascope
