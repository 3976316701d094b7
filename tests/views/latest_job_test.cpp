#include "tests/catch.h"
#include "views/latest_job.h"

using namespace dilascope;

TEST_CASE("a quick answer is there in the same call", "[views]") {
    LatestJob<int, int> job([](const int& request, const std::atomic<bool>&) { return request * 2; });
    const auto answer = job.ask(21, 5000);
    REQUIRE(answer);
    CHECK(*answer == 42);
    CHECK(job.pending_s() == 0);
}

TEST_CASE("while a newer request is computed the last answer stays, then the newest wins", "[views]") {
    std::atomic<bool> gate = false;
    std::atomic<int> cancelled = 0;
    LatestJob<int, int> job([&](const int& request, const std::atomic<bool>& cancel) {
        if (request == 0) return 0;
        while (!gate && !cancel) std::this_thread::yield();
        if (cancel) ++cancelled;
        return cancel ? -1 : request;
    });
    REQUIRE(job.ask(0, 5000));
    CHECK(*job.ask(1, 0) == 0); // last good
    CHECK(*job.ask(2, 0) == 0);
    CHECK(*job.ask(1, 0) == 0);
    CHECK(job.pending_s() > 0);
    gate = true;
    CHECK(*job.ask(1, 5000) == 1); // never a cancelled, unfinished answer
}

TEST_CASE("leaving stops the work", "[views]") {
    std::atomic<bool> started = false, saw_cancel = false;
    {
        LatestJob<int, int> job([&](const int&, const std::atomic<bool>& cancel) {
            started = true;
            started.notify_all();
            while (!cancel) std::this_thread::yield();
            saw_cancel = true;
            return 0;
        });
        job.ask(1, 0);
        started.wait(false); // until the work runs
    }
    CHECK(saw_cancel);
}

TEST_CASE("what may come later is begun when requests rest, not for each of a drag", "[views]") {
    std::atomic<int> begun = 0;
    LatestJob<int, int> job([&](const int& request, const std::atomic<bool>&) { return ++begun, request; },
                            JobPace::later);
    for (int request = 1; request <= 200; ++request) job.ask(request, 0);
    CHECK(begun <= 1); // more only if this loop was held up for long
    std::shared_ptr<const int> answer;
    for (int wait = 0; wait < 500 && job.pending_s() > 0; ++wait) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        answer = job.ask(200, 0);
    }
    REQUIRE(answer);
    CHECK(*answer == 200);
    CHECK(begun <= 2);
}
