#pragma once
// Overlay: something shown above the panels for a moment: the palette, a file browser, a small dialog. One at a time;
// Esc or a click beside it closes it. To add one: its file, and a command that opens it.

namespace dilascope {

class Workbench;

class Overlay {
public:
    virtual ~Overlay() = default;
    virtual const char* name() const = 0; // "palette", for scripts
    virtual float width() const = 0;      // logical pixels
    // Draws into the current ImGui popup; false once it is done.
    virtual bool draw(Workbench& workbench) = 0;
};

} // namespace dilascope
