#pragma once
// Config view: the configuration as a form and as its text, side by side; any change is in force the same frame.
#include "engine/pattern/pattern_text.h"
#include "views/field_editor.h"
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
    void draw_preset(Workspace& workspace, const Pattern& pattern);
    bool draw_branches(Workspace& workspace, Dilated& dilated);
    void draw_problem(Workspace& workspace);
    void draw_more(Workspace& workspace);
    void draw_text(Workspace& workspace);
    void draw_run(Workspace& workspace);

    FieldEditor editor_{"config"}, pattern_editor_{"config/pattern"};
    Pattern form_;          // what the form shows: the newest text that could be read
    std::string form_text_; // that it was read from
    std::string text_;      // while it is edited
    bool is_editing_text_ = false;
};

// Keys that a query of one head which takes part in the branch sees through it; 0 when head 0 does not take part.
std::int64_t branch_keys(const Dilated& dilated, const Problem& problem, int branch);
// The pattern of a preset; a dilated one keeps the branches of `before`.
Pattern preset_pattern(const Preset& preset, const Pattern& before);
// Adds a branch that continues the ladder: twice the longest segment, twice its rate; removes one, but never the last.
void add_branch(Dilated& dilated);
void remove_branch(Dilated& dilated, int branch);

} // namespace dilascope
