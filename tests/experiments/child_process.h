#pragma once
// ChildProcess: a forked process of a test. It must not touch Catch; it says what it found as text.
#include <functional>
#include <grp.h>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace dilascope {

class ChildProcess {
public:
    // Runs `work` in a child; the text it returns is the child's output.
    explicit ChildProcess(const std::function<std::string()>& work) {
        int ends[2];
        if (::pipe(ends) != 0) return;
        pid_ = ::fork();
        if (pid_ == 0) {
            ::close(ends[0]);
            const std::string text = work();
            const bool written = ::write(ends[1], text.data(), text.size()) == ssize_t(text.size());
            ::_exit(written ? 0 : 1);
        }
        ::close(ends[1]);
        output_ = ends[0];
    }
    ChildProcess(ChildProcess&& other) noexcept
        : pid_(std::exchange(other.pid_, -1)), output_(std::exchange(other.output_, -1)) {}
    ChildProcess& operator=(ChildProcess&&) = delete;
    // A child that a failed test left behind does not keep it waiting.
    ~ChildProcess() {
        if (pid_ > 0) ::kill(pid_, SIGKILL);
        wait();
    }

    // Waits for its end. What it wrote until then: "" when it was killed.
    std::string wait() {
        std::string text;
        if (pid_ <= 0) return text;
        char bytes[4096];
        for (ssize_t count; (count = ::read(output_, bytes, sizeof bytes)) > 0;) text.append(bytes, std::size_t(count));
        ::close(output_);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
        return text;
    }

private:
    pid_t pid_ = -1;
    int output_ = -1;
};

// Gives up root's rights in a child, so that file permissions mean something.
inline void become_ordinary_user() {
    constexpr uid_t nobody = 65534;
    if (::geteuid() != 0) return;
    if (::setgroups(0, nullptr) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0) ::_exit(2);
}

} // namespace dilascope
