// The command table: no clashes, every entry complete; and how the palette finds its entries.
#include "app/commands.h"
#include "app/go_to.h"
#include "app/layout.h"
#include "app/palette.h"
#include "tests/catch.h"
#include "views/view.h"
#include <map>
#include <set>

using namespace dilascope;

TEST_CASE("no two commands share an id or a key, and every command can be read", "[app]") {
    const auto views = make_views();
    const std::vector<Command> commands = make_commands(views);
    std::set<std::string> ids;
    std::map<Chord, std::string> keys;
    for (const Command& command : commands) {
        INFO(command.id);
        CHECK(ids.insert(command.id).second);
        CHECK(command.id.find('/') != std::string::npos);
        CHECK_FALSE(command.title.empty());
        CHECK_FALSE(command.help.empty());
        CHECK(command.action);
        for (const std::string_view key : command.keys) {
            const auto chord = parse_chord(key);
            REQUIRE(chord.has_value());
            const auto [other, is_free] = keys.emplace(*chord, command.id);
            INFO(key << " is also " << other->second);
            CHECK(is_free);
            CHECK(find_command(commands, *chord) == &command);
        }
    }
}

TEST_CASE("every view and every layout has its command", "[app]") {
    const auto views = make_views();
    const std::vector<Command> commands = make_commands(views);
    for (const auto& view : views) CHECK(find_command(commands, std::string("view/") + view->name()));
    for (const LayoutPreset& preset : layout_presets())
        CHECK(find_command(commands, std::string("layout/") + preset.name));
    // The keys that people expect of any desktop program.
    for (const auto& [key, id] : {std::pair{"Ctrl+Z", "edit/undo"},
                                  {"Ctrl+Shift+Z", "edit/redo"},
                                  {"Ctrl+O", "file/open"},
                                  {"Ctrl+S", "file/save"},
                                  {"Ctrl+P", "view/palette"},
                                  {"F11", "view/full_screen"},
                                  {"Esc", "run/cancel"},
                                  {"Ctrl+R", "run/start"},
                                  {"F1", "help/keys"}}) {
        const Command* command = find_command(commands, *parse_chord(key));
        REQUIRE(command);
        CHECK(command->id == id);
    }
}

TEST_CASE("a few letters find a command, and the better match comes first", "[app]") {
    CHECK(match_score("", "Anything") == 0);
    CHECK(match_score("undo", "Undo") > 0);
    CHECK(match_score("rs", "Run and save") > 0);
    CHECK(match_score("xyz", "Run and save") < 0);
    CHECK(match_score("evas", "save") < 0); // order matters
    CHECK(match_score("save", "Save configuration") > match_score("save", "Scale of the view, e"));
    CHECK(match_score("fs", "Full screen") > match_score("fs", "Configurations"));
}

TEST_CASE("a cell is a query and a key", "[app]") {
    CHECK(parse_cell("512 40") == std::pair<std::int64_t, std::int64_t>(512, 40));
    CHECK(parse_cell(" 512, 40 ") == std::pair<std::int64_t, std::int64_t>(512, 40));
    CHECK(parse_cell("7") == std::pair<std::int64_t, std::int64_t>(7, 7));
    for (const char* text : {"", "x", "1 2 3", "-4 1", "1 2x", "99999999999999999999"}) {
        INFO(text);
        CHECK_FALSE(parse_cell(text).has_value());
    }
}
