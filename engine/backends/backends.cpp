#include "engine/backends/backend.h"
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/cuda/cuda_backend.h"
#include "engine/backends/host_call.h"
#include "engine/backends/ready_weights.h"
#include "engine/backends/reference.h"
#include "engine/nearest.h"
#include <array>
#include <fmt/format.h>
#include <vector>

namespace dilascope {

Result<std::unique_ptr<ReadyCall>> Backend::ready(const AttentionCall& call) {
    return std::make_unique<HostCall>([this, call] { return forward(call); });
}

Result<std::unique_ptr<ReadyCall>> Backend::ready(const GradientCall& call) {
    return std::make_unique<HostCall>([this, call] { return backward(call); });
}

Result<std::unique_ptr<ReadyWeights>> Backend::ready_weights() { return std::make_unique<HostWeights>(); }

// In order of preference. To add a backend: one line here.
std::span<Backend* const> backends() {
    static const std::array<Backend*, 3> all = {&cuda_backend(), &cpu_backend(), &reference_backend()};
    return all;
}

// "cuda has no mix=fkodom …": the backend and why it cannot run this; or "".
static std::string refusal(const Backend& backend, const Problem& problem, const Pattern& pattern,
                           Direction direction) {
    const KernelChoice choice = backend.choose(problem, pattern, direction);
    if (backend.available() && choice.supported()) return "";
    const std::string reason = backend.available() ? choice.reason : backend.status();
    return reason.starts_with(backend.name()) ? reason : fmt::format("{}: {}", backend.name(), reason);
}

Result<Backend*> find_backend(std::string_view name, const Problem& problem, const Pattern& pattern,
                              Direction direction) {
    std::vector<std::string_view> names = {"auto"};
    std::string refusals;
    for (Backend* backend : backends()) {
        names.push_back(backend->name());
        if (name != "auto" && name != backend->name()) continue;
        const std::string reason = refusal(*backend, problem, pattern, direction);
        if (reason.empty()) return backend;
        refusals += (refusals.empty() ? "" : "; ") + reason;
    }
    if (!refusals.empty()) return fail(fmt::format("backend {} cannot run this: {}", name, refusals));
    return fail(fmt::format("unknown backend \"{}\"{}", name, nearest_hint(name, names)));
}

std::string passed_over(const Backend& chosen, const Problem& problem, const Pattern& pattern, Direction direction) {
    std::string reasons;
    for (const Backend* backend : backends()) {
        if (backend == &chosen) break;
        if (!backend->has_device()) continue;
        const std::string reason = refusal(*backend, problem, pattern, direction);
        if (!reason.empty()) reasons += (reasons.empty() ? "" : "; ") + reason;
    }
    return reasons;
}

} // namespace dilascope
