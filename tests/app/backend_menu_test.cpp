// The backend menu: what it remembers of live times, and what comes next.
#include "app/backend_menu.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include <chrono>
#include <thread>

using namespace dilascope;

namespace {

// The workspace once `backend` has answered its configuration.
void answer(Workspace& workspace, const char* backend, double time_ms, std::uint64_t generation) {
    auto live = std::make_shared<LiveResult>();
    live->generation = generation, live->config = workspace.config;
    live->backend = backend, live->time_ms_median = time_ms;
    workspace.live = live;
}

} // namespace

TEST_CASE("two backends' times of one configuration are compared once", "[app]") {
    BackendMenu menu;
    Workspace workspace;
    CHECK(menu.remember(workspace) == "");
    answer(workspace, "cpu", 12, 1);
    CHECK(menu.remember(workspace) == "");
    workspace.config.backend = "reference";
    answer(workspace, "reference", 300, 2);
    CHECK(menu.remember(workspace) == "cpu 12.00 ms, reference 300.0 ms (25×)");
    CHECK(menu.remember(workspace) == ""); // the next frame
    answer(workspace, "cpu", 11, 3);
    CHECK(menu.remember(workspace) == ""); // it is in the menu
    workspace.config.causal = true;        // another configuration
    answer(workspace, "reference", 150, 4);
    CHECK(menu.remember(workspace) == "");
    answer(workspace, "cpu", 6, 5);
    CHECK_THAT(menu.remember(workspace), contains("reference 150.0 ms (25×)"));
    answer(workspace, "cuda", 0.5, 6);
    CHECK(menu.remember(workspace) == "cpu 6.000 ms (12×), cuda 500.0 µs, reference 150.0 ms (300×)");
}

TEST_CASE("the next backend is an available one other than that in use", "[app]") {
    BackendMenu menu;
    Workspace workspace;
    workspace.config.backend = "reference";
    const auto next = [&] { // asked on a thread of its own
        for (int attempt = 0; attempt < 1000 && menu.next_backend(workspace).empty(); ++attempt)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return menu.next_backend(workspace);
    };
    const std::string first = next();
    CHECK((first == "cpu" || first == "cuda"));
    workspace.config.backend = "cpu";
    CHECK(next() == "reference");
    workspace.config.backend = "auto";
    answer(workspace, "cpu", 1, 1);
    CHECK(next() == "reference");
    CHECK(menu.chip_text(workspace) == "cpu · f32");
}
