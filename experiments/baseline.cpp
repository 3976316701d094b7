#include "experiments/baseline.h"
#include <fmt/format.h>

namespace dilascope {

// Whether a comma-separated list of tags names `tag`.
static bool has_tag(const std::string& tags, const std::string& tag) {
    for (std::size_t begin = 0; begin <= tags.size();) {
        const std::size_t end = std::min(tags.find(',', begin), tags.size());
        const std::size_t first = tags.find_first_not_of(' ', begin), last = tags.find_last_not_of(' ', end - 1);
        if (first < end && tags.compare(first, last + 1 - first, tag) == 0) return true;
        begin = end + 1;
    }
    return false;
}

Result<Baseline> Baseline::choose(const RunStore& store, const std::string& spec) {
    const bool any = spec.empty() || spec == "previous";
    const std::string tag = spec.rfind("tag:", 0) == 0 ? spec.substr(4) : "";
    std::string id;
    if (!any && tag.empty()) {
        const auto named = TRY(store.run(spec));
        if (!named)
            return fail(fmt::format("baseline \"{}\": no such run; expected previous, tag:NAME or a run id", spec));
        id = named->id;
    }
    Baseline baseline;
    const Environment& here = this_environment();
    for (Run& run : TRY(store.runs())) { // newest first: the first of a case stays
        const bool admitted = any || (tag.empty() ? run.id == id : has_tag(run.tags, tag));
        const bool same_machine = run.environment.cpu == here.cpu && run.environment.threads == here.threads;
        if (admitted && same_machine && run.status == RunStatus::done)
            baseline.runs_.try_emplace(run.case_hash, std::move(run));
    }
    return baseline;
}

const Run* Baseline::of(const std::string& case_hash) const {
    const auto found = runs_.find(case_hash);
    return found == runs_.end() ? nullptr : &found->second;
}

} // namespace dilascope
