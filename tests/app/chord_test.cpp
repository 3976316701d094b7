// Chords: text in, text out, and what is refused.
#include "app/chord.h"
#include "tests/catch.h"

using namespace dilascope;

TEST_CASE("a chord reads back from its own text", "[app]") {
    for (const char* text :
         {"Ctrl+P", "Ctrl+Shift+C", "F11", "F1", "Esc", "1", "Ctrl+Alt+Left", "[", "Enter", "Ctrl+-"}) {
        const auto chord = parse_chord(text);
        INFO(text);
        REQUIRE(chord.has_value());
        CHECK(to_text(*chord) == text);
        CHECK(*parse_chord(to_text(*chord)) == *chord);
    }
    CHECK(parse_chord("Ctrl+=")->key == '=');
    CHECK(*parse_chord("Ctrl+Plus") == *parse_chord("Ctrl+="));
    CHECK(to_text(*parse_chord("Ctrl+=")) == "Ctrl++");
    CHECK(*parse_chord("Ctrl++") == *parse_chord("Ctrl+="));
    CHECK(parse_chord("p")->key == 'P');
}

TEST_CASE("a chord that is none names the part that is wrong", "[app]") {
    for (const auto& [text, part] : {std::pair{"Strg+P", "Strg"}, {"Ctrl+Foo", "Foo"}, {"F13", "F13"}, {"", "\"\""}}) {
        const auto chord = parse_chord(text);
        INFO(text);
        REQUIRE_FALSE(chord.has_value());
        CHECK(chord.error().what.find(part) != std::string::npos);
    }
}
