#pragma once
// RecordingCanvas: a Canvas that notes what was drawn, for tests that assert without pixels. Letters are 7 × 15 pixels.
#include "views/canvas.h"
#include <string>

namespace dilascope {

class RecordingCanvas final : public Canvas {
public:
    struct Text {
        Point at;
        std::string text;
        Align align;
    };
    std::vector<Text> texts;
    std::vector<std::vector<Point>> polylines;
    std::vector<Point> discs;
    std::size_t bands = 0, lines = 0, rectangles = 0, images = 0;
    int clip_depth = 0;

    void line(Point, Point, Colour, float) override { ++lines; }
    void polyline(std::span<const Point> points, Colour, float) override {
        polylines.emplace_back(points.begin(), points.end());
    }
    void polygon(std::span<const Point>, Colour) override {}
    void band(std::span<const Point>, std::span<const Point>, Colour) override { ++bands; }
    void rectangle(Rect, Colour, float, float) override { ++rectangles; }
    void filled_rectangle(Rect, Colour, float) override { ++rectangles; }
    void circle(Point, float, Colour, float) override {}
    void filled_circle(Point centre, float, Colour) override { discs.push_back(centre); }
    void text(Point at, std::string_view words, TextStyle, Colour, Align align) override {
        if (!words.empty()) texts.push_back({at, std::string(words), align});
    }
    void vertical_text(Point at, std::string_view words, TextStyle, Colour) override {
        texts.push_back({at, std::string(words), Align::centre});
    }
    Point text_size(std::string_view words, TextStyle) const override {
        std::size_t letters = 0;
        for (const char c : words) letters += (std::uint8_t(c) & 0xc0) != 0x80;
        return {7.f * float(letters), 15};
    }
    void image(Rect, const Image&) override { ++images; }
    void push_clip(Rect) override { ++clip_depth; }
    void pop_clip() override { --clip_depth; }

    bool has_text(std::string_view words) const {
        for (const Text& one : texts)
            if (one.text == words) return true;
        return false;
    }
};

} // namespace dilascope
