#include "app/gui_script.h"
#include "app/figure.h"
#include "app/ui_state.h"
#include "engine/nearest.h"
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

namespace dilascope {
namespace {

struct Verb {
    std::string_view name;
    std::size_t least = 0, most = 0; // words after it
};
constexpr std::size_t any = 1000;
constexpr std::array verbs = {
    Verb{"click", 1, 1},       Verb{"double_click", 1, 1},   Verb{"right_click", 1, 1},    Verb{"hover", 1, 3},
    Verb{"drag", 3, 3},        Verb{"wheel", 2, 2},          Verb{"type", 1, any},         Verb{"key", 1, 1},
    Verb{"wait_idle", 0, 1},   Verb{"wait_frames", 1, 1},    Verb{"expect", 1, any},       Verb{"expect_item", 1, 1},
    Verb{"snapshot", 2, 2},    Verb{"expect_no_item", 1, 1}, Verb{"expect_changed", 1, 1}, Verb{"screenshot", 1, 1},
    Verb{"expect_same", 1, 1}, Verb{"expect_part", 2, any}};

std::optional<double> number(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    return !text.empty() && *end == '\0' && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

// Words of a line that must be numbers, by position.
bool has_bad_number(const std::string& verb, const std::vector<std::string>& words) {
    const bool all = verb == "wait_frames" || verb == "wait_idle";
    const bool later = verb == "hover" || verb == "drag" || verb == "wheel";
    for (std::size_t index = all ? 0 : 1; index < words.size() && (all || later); ++index)
        if (!number(words[index])) return true;
    return false;
}

constexpr int drag_frames = 12;
constexpr int item_patience = 180; // frames that an item may take to appear

} // namespace

std::optional<Rect> find_item(std::string_view id) {
    for (const MarkedItem& item : marked_items())
        if (item.id == id) return item.rect;
    return std::nullopt;
}

Result<GuiScript> GuiScript::parse(std::string_view text, const std::string& name) {
    GuiScript script;
    script.name_ = name;
    std::istringstream lines{std::string(text)};
    std::string raw;
    for (int at = 1; std::getline(lines, raw); ++at) {
        std::istringstream words(raw);
        Line line;
        line.number = at;
        if (!(words >> line.verb) || line.verb[0] == '#') continue;
        for (std::string word; words >> word;) line.words.push_back(word);
        if (!line.words.empty()) {
            const std::size_t first = raw.find(line.words[0], raw.find(line.verb) + line.verb.size());
            const std::size_t after = raw.find_first_not_of(" \t", first + line.words[0].size());
            if (after != std::string::npos) line.rest = raw.substr(after);
        }
        const Verb* verb = nullptr;
        std::vector<std::string_view> names;
        for (const Verb& known : verbs) {
            names.push_back(known.name);
            if (known.name == line.verb) verb = &known;
        }
        const std::string place = fmt::format("{}:{}: ", name, at);
        if (!verb) return fail(place + "unknown verb \"" + line.verb + "\"" + nearest_hint(line.verb, names));
        if (line.words.size() < verb->least || line.words.size() > verb->most || has_bad_number(line.verb, line.words))
            return fail(place + "\"" + raw + "\": " + line.verb + " takes other words; app/gui_script.h lists them");
        if (line.verb == "key")
            if (const Result<Chord> chord = parse_chord(line.words[0]); !chord) return fail(place + chord.error().what);
        script.lines_.push_back(std::move(line));
    }
    return script;
}

Result<GuiScript> GuiScript::load(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return fail(path.string() + ": the script cannot be read; expected a text file");
    return parse(text.str(), path.string());
}

void GuiScript::fail_line(const std::string& what) {
    error_ = fmt::format("{}:{}: {} {}: {}", name_, line().number, line().verb,
                         line().words.empty() ? "" : line().words[0], what);
    at_ = lines_.size();
}

// Moves the mouse to the middle of an item, or to a place in it; false while it is not on screen.
bool GuiScript::aim(const std::string& id, Stage& stage) {
    const std::optional<Rect> rect = find_item(id);
    if (!rect) return false;
    input_.mouse_x = rect->x + rect->width / 2;
    input_.mouse_y = rect->y + rect->height / 2;
    if (line().verb == "hover" && line().words.size() == 3) {
        const float scale = stage.workbench().scale;
        input_.mouse_x = rect->x + float(*number(line().words[1])) * scale;
        input_.mouse_y = rect->y + float(*number(line().words[2])) * scale;
    }
    return true;
}

// The mouse arrives, presses, perhaps moves, and lets go: each in frames of its own, as ImGui wants to see them.
GuiScript::Outcome GuiScript::act_mouse(Stage& stage) {
    const std::string& verb = line().verb;
    const int step = phase_ - 1; // phase 0 aimed
    if (verb == "hover") return step >= 2 ? Outcome::done : Outcome::waits;
    if (verb == "wheel") {
        input_.wheel = step == 1 ? float(*number(line().words[1])) : 0;
        return step >= 3 ? Outcome::done : Outcome::waits;
    }
    if (verb == "drag") {
        const float scale = stage.workbench().scale;
        if (step >= 1) input_.left = step <= drag_frames + 1;
        if (step >= 2 && step <= drag_frames + 1) {
            input_.mouse_x += float(*number(line().words[1])) * scale / drag_frames;
            input_.mouse_y += float(*number(line().words[2])) * scale / drag_frames;
        }
        return step >= drag_frames + 3 ? Outcome::done : Outcome::waits;
    }
    bool& button = verb == "right_click" ? input_.right : input_.left;
    const int presses = verb == "double_click" ? 2 : 1;
    button = step >= 1 && step <= 2 * presses - 1 && step % 2 == 1;
    return step >= 2 * presses + 1 ? Outcome::done : Outcome::waits;
}

// Click into the field, select all, type, Enter.
GuiScript::Outcome GuiScript::act_type(Stage&) {
    const int step = phase_ - 1;
    input_.left = step == 1 || step == 3; // a double click edits sliders too
    input_.chords.clear();
    input_.typed.clear();
    if (step == 6) input_.chords = {{'A', true, false, false}};
    if (step == 8) input_.typed = line().rest;
    if (step == 8 && line().rest.empty()) input_.chords = {{key_delete, false, false, false}};
    if (step == 10) input_.chords = {{key_enter, false, false, false}};
    return step >= 13 ? Outcome::done : Outcome::waits;
}

GuiScript::Outcome GuiScript::act_wait(Stage& stage) {
    if (line().verb == "wait_frames") return phase_ >= int(*number(line().words[0])) ? Outcome::done : Outcome::waits;
    if (phase_ == 0) since_ = std::chrono::steady_clock::now();
    const double limit_s = line().words.empty() ? 30 : *number(line().words[0]);
    const double waited_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - since_).count();
    if (waited_s > limit_s) fail_line(fmt::format("still busy after {} s", limit_s));
    // A few frames at least: what was just changed is submitted at the end of its frame.
    return phase_ >= 4 && stage.workbench().is_idle() && !stage.workbench().has_news() ? Outcome::done : Outcome::waits;
}

GuiScript::Outcome GuiScript::act(Stage& stage) {
    const std::string& verb = line().verb;
    input_.wheel = 0;
    if (verb == "wait_idle" || verb == "wait_frames") return act_wait(stage);
    if (verb == "key") {
        input_.chords.clear();
        if (phase_ == 0) input_.chords = {*parse_chord(line().words[0])};
        return phase_ >= 2 ? Outcome::done : Outcome::waits;
    }
    if (verb.starts_with("expect") || verb == "snapshot" || verb == "screenshot") return Outcome::done; // see step()
    if (phase_ == 0 && !aim(line().words[0], stage)) {
        if (missed_++ > item_patience) fail_line("no such item on screen; --dump-ui lists them");
        phase_ = -1; // aim again
        return Outcome::waits;
    }
    return verb == "type" ? act_type(stage) : act_mouse(stage);
}

void GuiScript::check(Stage& stage) {
    const std::string& verb = line().verb;
    if (verb == "expect_item" && !find_item(line().words[0])) return fail_line("it is not on screen");
    if (verb == "expect_no_item" && find_item(line().words[0])) return fail_line("it is on screen");
    const bool whole = verb == "expect";
    if (!whole && verb != "expect_part") return;
    const auto values = ui_values(stage.workbench());
    const auto found = values.find(line().words[0]);
    if (found == values.end()) return fail_line("there is no such value; --dump-ui lists them");
    const bool is_met = whole ? found->second == line().rest : found->second.find(line().rest) != std::string::npos;
    if (is_met) return;
    fail_line("is \"" + found->second + "\", expected " + (whole ? "\"" : "one with \"") + line().rest + "\"");
}

void GuiScript::check_pixels(Stage& stage) {
    const std::string& verb = line().verb;
    if (verb == "screenshot") {
        const Result<void> written =
            write_picture(stage.picture(), line().words[0], "Dilascope", stage.workbench().workspace.config);
        if (!written) fail_line(written.error().what);
        return;
    }
    const std::string& name = line().words[0];
    const bool takes = verb == "snapshot";
    if (!takes && !snapshots_.count(name)) return fail_line("there is no snapshot of that name");
    const std::string item = takes ? line().words[1] : snapshots_[name].first;
    const std::optional<Rect> rect = find_item(item);
    if (!rect) return fail_line("item " + item + " is not on screen");
    Picture pixels = crop(stage.picture(), *rect);
    if (takes) {
        snapshots_[name] = {item, std::move(pixels)};
        return;
    }
    const Picture& before = snapshots_[name].second;
    const bool same = before.width == pixels.width && before.rgba == pixels.rgba;
    if (verb == "expect_changed" && same) fail_line("the pixels of " + item + " are the same as before");
    if (verb == "expect_same" && !same) fail_line("the pixels of " + item + " have changed");
}

bool GuiScript::step(Stage& stage, const SurfaceEvents& events) {
    if (at_ >= lines_.size()) return false;
    const Outcome outcome = act(stage);
    if (at_ >= lines_.size()) return false;
    const bool looks = line().verb.starts_with("expect") || line().verb == "snapshot" || line().verb == "screenshot";
    if (looks)
        stage.on_drawn = [this, &stage] {
            check(stage);
            const std::string verb = at_ < lines_.size() ? line().verb : "";
            if (verb == "snapshot" || verb == "screenshot" || verb == "expect_changed" || verb == "expect_same")
                check_pixels(stage);
        };
    stage.step(events, &input_);
    stage.on_drawn = nullptr;
    if (at_ >= lines_.size()) return false;
    ++phase_;
    if (outcome == Outcome::done) {
        ++at_;
        phase_ = 0;
        missed_ = 0;
        input_.chords.clear();
        input_.typed.clear();
        input_.left = input_.right = false;
    }
    return at_ < lines_.size();
}

} // namespace dilascope
