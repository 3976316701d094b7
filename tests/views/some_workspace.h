#pragma once
// Configurations that tests of several views open, and the flag of work that nobody cancels.
#include "views/view.h"
#include <atomic>

namespace dilascope {

inline const std::atomic<bool> no_cancel = false;

// LongNet's own table.
inline Case longnet(std::int64_t tokens, bool causal = false) {
    Case config;
    config.pattern = "longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12";
    config.seq_len = tokens;
    config.heads = 12;
    config.causal = causal;
    return config;
}

// keys: 0 for as many as tokens. A pattern with a mistake throws.
inline Workspace workspace_with(const char* pattern, std::int64_t tokens, std::int64_t heads = 2,
                                std::int64_t keys = 0) {
    Workspace workspace;
    Case config;
    config.pattern = pattern;
    config.seq_len = tokens;
    config.kv_len = keys;
    config.heads = heads;
    workspace.set_config(config);
    if (!workspace.config_error.empty()) throw std::invalid_argument(workspace.config_error);
    return workspace;
}

} // namespace dilascope
