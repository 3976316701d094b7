#pragma once
// HelpCard: every shortcut of the command table, and what the mouse does.
#include "app/overlay.h"

namespace dilascope {

class HelpCard : public Overlay {
public:
    const char* name() const override { return "help"; }
    float width() const override { return 760; }
    bool draw(Workbench& workbench) override;
};

} // namespace dilascope
