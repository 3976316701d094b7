// The real window under a virtual X server; see xvfb_session.sh.
#include "tests/catch.h"
#include <cstdlib>
#include <sys/wait.h>

TEST_CASE("the real window opens fast, draws fast while the engine runs, and hears every key", "[app][slow]") {
    const int status = std::system(DILASCOPE_SOURCE_DIR "/tests/app/xvfb_session.sh " DILASCOPE_BINARY);
    REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        WARN("skipped or not judged; the script has said why");
        return;
    }
    CHECK(WEXITSTATUS(status) == 0);
}
