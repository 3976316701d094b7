#pragma once
// GuiScript: a session written down, one verb a line, that the window and the offscreen stage both play. Items are
// named by the ids that views and the shell mark (views/view.h); --dump-ui lists them.
//
//   click ID | double_click ID | right_click ID      hover ID [X Y]       X, Y: logical pixels from its corner
//   drag ID DX DY        logical pixels              wheel ID NOTCHES
//   type ID TEXT         replaces what a text field holds, then Enter
//   key CHORD            such as Ctrl+P
//   wait_idle [S]        until nothing is computed any more, at most S seconds (30)
//   wait_frames N
//   expect NAME VALUE    a value of --dump-ui; VALUE is the rest of the line
//   expect_part NAME TEXT                         the value contains the rest of the line
//   expect_item ID | expect_no_item ID
//   snapshot NAME ID     remembers the item's pixels      expect_changed NAME | expect_same NAME
//   screenshot FILE      the whole window as PNG
//   # a remark
#include "app/stage.h"
#include "engine/result.h"
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dilascope {

class GuiScript {
public:
    // Errors carry file:line, the verb found and what it takes.
    static Result<GuiScript> parse(std::string_view text, const std::string& name);
    static Result<GuiScript> load(const std::filesystem::path& path);

    // Plays the next frame on the stage; false once it is over. After it, error() tells the first line that failed.
    bool step(Stage& stage, const SurfaceEvents& events);
    const std::string& error() const { return error_; }

private:
    struct Line {
        int number = 0;
        std::string verb;
        std::vector<std::string> words; // after the verb
        std::string rest;               // after the first word
    };
    enum class Outcome { waits, done };
    void fail_line(const std::string& what);
    const Line& line() const { return lines_[at_]; }
    // One frame of the current line: sets the input, or looks at the finished frame.
    Outcome act(Stage& stage);
    Outcome act_mouse(Stage& stage);
    Outcome act_type(Stage& stage);
    Outcome act_wait(Stage& stage);
    void check(Stage& stage);
    void check_pixels(Stage& stage);
    bool aim(const std::string& id, Stage& stage);

    std::string name_;
    std::vector<Line> lines_;
    std::size_t at_ = 0;
    int phase_ = 0;  // frames spent on the current line
    int missed_ = 0; // frames in which the item was not on screen
    std::chrono::steady_clock::time_point since_;
    ScriptedInput input_;
    std::map<std::string, std::pair<std::string, Picture>> snapshots_; // name → item, pixels
    std::string error_;
};

// The rectangle of a marked item of the last frame; nothing when it was not drawn.
std::optional<Rect> find_item(std::string_view id);

} // namespace dilascope
