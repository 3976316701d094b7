#include "engine/pattern/pattern.h"
#include "tests/catch.h"
#include "tests/views/headless.h"
#include "views/field_editor.h"

using namespace dilascope;

TEST_CASE("numbers are read as people write token counts", "[views]") {
    std::int64_t value = 0;
    for (const auto& [text, expected] : {std::pair<const char*, std::int64_t>{"16384", 16384},
                                         {"16 384", 16384},
                                         {"16\u2009384", 16384},
                                         {"16k", 16384},
                                         {"1.5k", 1536},
                                         {"1M", 1 << 20},
                                         {" 7 ", 7},
                                         {"-3", -3}}) {
        INFO(text);
        REQUIRE(parse_number(text, value));
        CHECK(value == expected);
    }
    for (const char* text : {"", "k", "1.5", "12x", "1k2", "1e99", "nan", "--1"}) {
        INFO(text);
        CHECK_FALSE(parse_number(text, value));
    }
    std::vector<std::int64_t> values;
    REQUIRE(parse_list("2k, 4096,8k", values));
    CHECK(values == std::vector<std::int64_t>{2048, 4096, 8192});
    CHECK_FALSE(parse_list("1,,2", values));
    CHECK(values.size() == 3);
}

TEST_CASE("a drag lands on lengths people use, or on whole steps, within the range", "[views]") {
    const NumberStyle length{NumberStyle::lengths, 1, 1, 1 << 20, true};
    CHECK(dragged(length, 1000, 0, false) == 1000); // untouched until it moves
    CHECK(dragged(length, 1024, 40, false) == 2048);
    CHECK(dragged(length, 1024, 22, false) == 1536);
    CHECK(dragged(length, 1024, -40, false) == 512);
    CHECK(dragged(length, 1000, 40, false) == 2048);
    CHECK(dragged(length, 1024, 1e5f, false) == 1 << 20);
    CHECK(dragged(length, 1024, -1e5f, false) == 1);
    CHECK(dragged(length, 1024, 24, true) == 1027); // fine
    const NumberStyle eights{NumberStyle::linear, 8, 1, 256, true};
    CHECK(dragged(eights, 64, 16, false) == 80);
    CHECK(dragged(eights, 61, 8, false) == 64);
    CHECK(dragged(eights, 64, -1e5f, false) == 1);
}

TEST_CASE("labels and tooltips come from the field", "[views]") {
    CHECK(field_label("seq_len") == "Tokens");
    CHECK(field_label("head_dim") == "Head dim");
    const std::string help = field_help(Field{"seq_len", "Query tokens", "tokens", 1, 1024});
    CHECK(help.find("Query tokens") == 0);
    CHECK(help.find("1 … 1k tokens") != std::string::npos);
    CHECK(field_help(Field{"causal", "Exclude keys after the query"}) == "Exclude keys after the query.");
}

namespace {

// A view that edits one of each kind of field.
enum class Colouring : std::uint8_t { red, green };
constexpr auto enum_names(Colouring) { return std::array<std::string_view, 2>{"red", "green"}; }

struct Everything {
    std::int64_t tokens = 1024;
    double share = 0.5;
    bool on = false;
    Colouring colouring = Colouring::red;
    std::vector<std::int64_t> list = {1, 2};
    std::string text = "a";
    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"tokens", "How many", "tokens", 1, 1 << 20}, self.tokens);
        v(Field{"share", "How much", "", 0, 1}, self.share);
        v(Field{"on", "Whether"}, self.on);
        v(Field{"colouring", "Which"}, self.colouring);
        v(Field{"list", "How many each"}, self.list);
        v(Field{"text", "What"}, self.text);
    }
};

class Form final : public View {
public:
    const char* name() const override { return "form"; }
    const char* title() const override { return "Form"; }
    const char* help() const override { return "A form"; }
    void draw(Workspace&, Canvas&) override { changes += field_rows(editor, value); }
    FieldEditor editor{"form"};
    Everything value;
    int changes = 0;
};

} // namespace

TEST_CASE("every kind of field gets a row that edits it", "[views]") {
    Headless ui(400, 400);
    Workspace workspace;
    Form form;
    ui.frame(form, workspace);
    for (const char* id : {"form/tokens", "form/share", "form/on", "form/colouring", "form/list", "form/text"})
        CHECK(Headless::has(id));
    ui.click(form, workspace, "form/on");
    CHECK(form.value.on);
    ui.drag(form, workspace, "form/tokens", {80, 0});
    CHECK(form.value.tokens == 4096);
    const std::string first_gesture = form.editor.gesture();
    CHECK_FALSE(first_gesture.empty());
    ui.drag(form, workspace, "form/tokens", {40, 0});
    CHECK(form.value.tokens == 8192);
    CHECK(form.editor.gesture() != first_gesture);
    ui.click(form, workspace, "form/tokens");
    ui.type(form, workspace, "3k");
    ui.enter(form, workspace);
    CHECK(form.value.tokens == 3072);
    ui.click(form, workspace, "form/colouring");
    ui.frame(form, workspace);
    ui.click(form, workspace, "form/colouring/green");
    CHECK(form.value.colouring == Colouring::green);
    const int changes = form.changes;
    ui.frame(form, workspace);
    CHECK(form.changes == changes); // nothing changes by itself
}
