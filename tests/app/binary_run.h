#pragma once
// BinaryRun: the real dilascope, or the one with an emulated GPU, run from a test: what it printed and its exit code.
#include "tests/scratch_folder.h"
#include "tests/some_rates.h"
#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace dilascope {

struct BinaryRun {
    int exit_code = -1; // 128 + signal when a signal ended it
    std::string out, err;
};

// A state folder for all runs of this test program, never the user's; with rates, so that no batch measures them.
inline const std::filesystem::path& state_home() {
    static const ScratchFolder home;
    static const bool has_rates = [] {
        std::filesystem::create_directories(home / "dilascope");
        return bool(std::ofstream(home / "dilascope/rates.json") << rates_to_text(some_rates()));
    }();
    (void)has_rates;
    return home.path;
}

// Runs a program to its end; with `interrupt_after` sends SIGINT that much later.
inline BinaryRun run_program(const char* program, std::vector<std::string> arguments,
                             std::chrono::milliseconds interrupt_after = {}) {
    const ScratchFolder folder;
    const std::string state = state_home().string();
    const auto out = folder / "out", err = folder / "err";
    arguments.insert(arguments.begin(), program);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0) return {-1, "", "fork failed"}; // kill(-1) would reach every process
    if (pid == 0) {
        ::setenv("XDG_STATE_HOME", state.c_str(), 1);
        ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
        ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
        ::execv(pointers[0], pointers.data());
        ::_exit(127);
    }
    if (interrupt_after.count() > 0) {
        std::this_thread::sleep_for(interrupt_after);
        ::kill(pid, SIGINT);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    const auto content = [](const std::filesystem::path& path) {
        std::ifstream file(path);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), content(out), content(err)};
}

inline BinaryRun run_binary(std::vector<std::string> arguments, std::chrono::milliseconds interrupt_after = {}) {
    return run_program(DILASCOPE_BINARY, std::move(arguments), interrupt_after);
}

// What every refusal is: "dilascope: …", one line.
inline bool is_one_sentence(const std::string& err) {
    return err.rfind("dilascope: ", 0) == 0 && std::count(err.begin(), err.end(), '\n') == 1 && err.back() == '\n';
}

} // namespace dilascope
