#include "tests/catch.h"
#include "views/matrix_camera.h"

using namespace dilascope;

static const Rect viewport{100, 50, 600, 500};

TEST_CASE("a fitted camera shows the whole matrix, square cells, centred", "[views]") {
    for (const auto& [queries, keys] :
         {std::pair<std::int64_t, std::int64_t>{1000, 1000}, {1, 1 << 20}, {64, 4096}, {1 << 20, 1 << 20}, {1, 1}}) {
        const MatrixFrame frame = frame_of({}, queries, keys, viewport);
        CHECK(frame.visible() == Region{{0, queries}, {0, keys}});
        const Rect all = frame.rect_of({{0, queries}, {0, keys}});
        CHECK(all.x >= viewport.x - 0.01f);
        CHECK(all.right() <= viewport.right() + 0.01f);
        CHECK(all.x + all.width / 2 == Approx(viewport.x + viewport.width / 2).margin(1));
        CHECK(all.height >= 2);
    }
}

TEST_CASE("zooming keeps the token under the cursor", "[views]") {
    MatrixCamera camera;
    const std::int64_t tokens = 1 << 20;
    const Point at{420, 330};
    MatrixFrame frame = frame_of(camera, tokens, tokens, viewport);
    const double q = frame.q_at(at.y), k = frame.k_at(at.x);
    for (int notch = 0; notch < 40; ++notch) {
        zoom_at(camera, frame, at, wheel_zoom(1, false, false));
        frame = frame_of(camera, tokens, tokens, viewport);
        const double slack = 0.01 / frame.pixels_per_token + 1e-6;
        CHECK(std::abs(frame.q_at(at.y) - q) < slack);
        CHECK(std::abs(frame.k_at(at.x) - k) < slack);
    }
    CHECK(frame.visible().q.size() < 200);
    // Down to a single token and no further.
    for (int notch = 0; notch < 60; ++notch) {
        zoom_at(camera, frame, at, wheel_zoom(1, false, true));
        frame = frame_of(camera, tokens, tokens, viewport);
    }
    CHECK(frame.pixels_per_token == Approx(500));
    std::int64_t cell_q = 0, cell_k = 0;
    REQUIRE(frame.cell_at(at, cell_q, cell_k));
    CHECK(cell_q == std::int64_t(q));
    CHECK(cell_k == std::int64_t(k));
    for (int notch = 0; notch < 200 && !camera.fitted; ++notch) {
        zoom_at(camera, frame, at, wheel_zoom(-1, false, false));
        frame = frame_of(camera, tokens, tokens, viewport);
    }
    CHECK(camera.fitted);
}

TEST_CASE("panning moves by pixels and stops at the edges", "[views]") {
    MatrixCamera camera;
    const MatrixFrame whole = frame_of(camera, 4096, 4096, viewport);
    pan_by(camera, whole, {50, 50});
    CHECK(camera.fitted); // nothing to pan to
    go_to(camera, whole, 2000, 3000, 500);
    MatrixFrame frame = frame_of(camera, 4096, 4096, viewport);
    CHECK(frame.pixels_per_token == Approx(1));
    CHECK(frame.x_of(3000.5) == Approx(400));
    CHECK(frame.y_of(2000.5) == Approx(300));
    pan_by(camera, frame, {-30, 20});
    const MatrixFrame moved = frame_of(camera, 4096, 4096, viewport);
    CHECK(moved.x_of(3000.5) == Approx(370));
    CHECK(moved.y_of(2000.5) == Approx(320));
    pan_by(camera, moved, {1e6, 1e6});
    const MatrixFrame corner = frame_of(camera, 4096, 4096, viewport);
    CHECK(corner.q_top == Approx(0));
    CHECK(corner.k_left == Approx(0));
}

TEST_CASE("two viewports of different shape share centre and scale", "[views]") {
    MatrixCamera camera;
    go_to(camera, frame_of(camera, 1 << 16, 1 << 16, viewport), 30000, 20000, 1024);
    const Rect other{0, 0, 300, 900};
    const MatrixFrame a = frame_of(camera, 1 << 16, 1 << 16, viewport), b = frame_of(camera, 1 << 16, 1 << 16, other);
    CHECK(a.q_at(300) == Approx(b.q_at(450)));
    CHECK(a.k_at(400) == Approx(b.k_at(150)));
    CHECK(500 / a.pixels_per_token == Approx(300 / b.pixels_per_token));
}

TEST_CASE("cells and their places agree", "[views]") {
    MatrixCamera camera;
    go_to(camera, frame_of(camera, 512, 2048, viewport), 100, 1500, 37);
    const MatrixFrame frame = frame_of(camera, 512, 2048, viewport);
    std::int64_t q = 0, k = 0;
    for (std::int64_t row : {90, 100, 110})
        for (std::int64_t column : {1490, 1500, 1510}) {
            REQUIRE(
                frame.cell_at({float(frame.x_of(double(column) + 0.5)), float(frame.y_of(double(row) + 0.5))}, q, k));
            CHECK(q == row);
            CHECK(k == column);
        }
    CHECK_FALSE(frame.cell_at({99, 60}, q, k));
    // Margin beside a matrix that is smaller than the viewport is no cell.
    const MatrixFrame thin = frame_of({}, 4, 4096, viewport);
    CHECK_FALSE(thin.cell_at({300, 60}, q, k));
}

TEST_CASE("a nudged cell is brought into sight with the least movement", "[views]") {
    MatrixCamera camera;
    go_to(camera, frame_of(camera, 4096, 4096, viewport), 1000, 1000, 100);
    const MatrixFrame frame = frame_of(camera, 4096, 4096, viewport);
    reveal(camera, frame, 1010, 1000);
    CHECK(frame_of(camera, 4096, 4096, viewport).q_top == Approx(frame.q_top));
    reveal(camera, frame, 1200, 1000);
    const MatrixFrame moved = frame_of(camera, 4096, 4096, viewport);
    CHECK(moved.visible().q.end == 1201);
    CHECK(moved.k_left == Approx(frame.k_left));
}
