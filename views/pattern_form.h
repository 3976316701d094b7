#pragma once
// PatternForm: a pattern as a form: kind, branches of a dilated pattern, parts of a union of blocks, order.
#include "engine/pattern/pattern_text.h"
#include "views/field_editor.h"

namespace dilascope {

class PatternForm {
public:
    // Draws the rows of `pattern` and edits it; true when it changed. Items are marked "config/…".
    bool draw(Pattern& pattern, const Problem& problem);
    // Of the newest change, for undo.
    const std::string& gesture() const { return gesture_; }

private:
    bool draw_presets(Pattern& pattern);
    bool draw_branches(Dilated& dilated, const Problem& problem);
    bool draw_dilated(Dilated& dilated, const Problem& problem);
    bool draw_blocks(Blocks& blocks);
    bool draw_part(Blocks& blocks, std::size_t part, bool& is_removed);
    bool draw_part_menu(Blocks& blocks);
    bool draw_order(Order& order, const Problem& problem);
    bool take(const FieldEditor& editor, bool changed);

    FieldEditor editor_{"config/pattern"}, order_editor_{"config/order"};
    std::vector<FieldEditor> part_editors_; // one a part, "config/pattern/<part>"
    std::string gesture_;
};

// Keys that a query of one head which takes part in the branch sees through it; 0 when head 0 does not take part.
std::int64_t branch_keys(const Dilated& dilated, const Problem& problem, int branch);
// The pattern of a preset along the order of `before`; a dilated one keeps its branches.
Pattern preset_pattern(const Preset& preset, const Pattern& before);
// "longnet", "local + global": what a pattern is called.
std::string pattern_name(const Pattern& pattern);
// Adds a branch that continues the ladder: twice the longest segment, twice its rate; removes one, but never the last.
void add_branch(Dilated& dilated);
void remove_branch(Dilated& dilated, int branch);
// A phase that was just chosen gets the offsets it needs: for phase=list those of head_mod to begin with, else none.
void set_offsets(Dilated& dilated, std::int64_t heads);
// Gives all parts this block size; adds a part, which takes the union's.
void set_block(Blocks& blocks, std::int64_t block);
void add_part(Blocks& blocks, BlockPart part);

} // namespace dilascope
