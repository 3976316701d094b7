#pragma once
// Configurations that tests of several views open, and the flag of work that nobody cancels.
#include "views/view.h"
#include <atomic>
#include <stdexcept>

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

// Throws where the configuration has a mistake.
inline Workspace workspace_of(const Case& config) {
    Workspace workspace;
    workspace.set_config(config);
    if (!workspace.config_error.empty()) throw std::invalid_argument(workspace.config_error);
    return workspace;
}

// keys: 0 for as many as tokens.
inline Workspace workspace_with(const char* pattern, std::int64_t tokens, std::int64_t heads = 2,
                                std::int64_t keys = 0) {
    Case config;
    config.pattern = pattern;
    config.seq_len = tokens;
    config.kv_len = keys;
    config.heads = heads;
    return workspace_of(config);
}

} // namespace dilascope
