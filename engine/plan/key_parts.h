#pragma once
// Into how many parts the keys of a pass are cut, so that few query tiles with long keys keep many threads busy: a
// decoder asks for one row. Each part is a softmax of its own, merged in order. The plan alone decides, so results do
// not depend on the number of threads.
#include <algorithm>
#include <cstdint>

namespace dilascope {

// `jobs`: what could run at the same time without parts; `most_keys`: of one of them.
constexpr std::int64_t key_parts(std::int64_t jobs, std::int64_t most_keys) {
    constexpr std::int64_t jobs_wanted = 16; // enough for the cores of a desktop
    constexpr std::int64_t shortest = 1024;  // keys of a part: starting and merging one takes as long as some 50
    return std::clamp<std::int64_t>(jobs_wanted / std::max<std::int64_t>(jobs, 1), 1,
                                    std::max<std::int64_t>(most_keys / shortest, 1));
}

} // namespace dilascope
