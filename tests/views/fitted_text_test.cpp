#include "tests/catch.h"
#include "tests/views/recording_canvas.h"
#include "views/fitted_text.h"

using namespace dilascope;

static std::vector<std::string> drawn(std::string_view text, Rect where, float expected_height) {
    RecordingCanvas canvas;
    CHECK(draw_wrapped(canvas, text, TextStyle::caption, {}, where) == expected_height);
    std::vector<std::string> lines;
    for (const RecordingCanvas::Text& one : canvas.texts) lines.push_back(one.text);
    return lines;
}

TEST_CASE("wrapped text keeps to its width, and to its height where it has one", "[views]") {
    using Lines = std::vector<std::string>;
    const char* text = "one two three four five"; // letters are 7 pixels wide
    CHECK(drawn(text, {0, 0, 70, 0}, 54) == Lines{"one two", "three four", "five"});
    CHECK(drawn(text, {0, 0, 70, 54}, 54) == Lines{"one two", "three four", "five"});
    CHECK(drawn(text, {0, 0, 70, 53}, 36) == Lines{"one two", "three four…"});
    CHECK(drawn(text, {0, 0, 70, 5}, 18) == Lines{"one two…"}); // never nothing
    CHECK(drawn(text, {0, 0, 500, 18}, 18) == Lines{text});
}
