#pragma once
// Condition: a yes/no question about a case, as [[exclude]] writes it: `seq_len > 524288 and heads > 8`.
// Comparisons (== != < <= > >=) of fields, numbers, true, false and "quoted" strings; and, or, not, parentheses.
#include "engine/result.h"
#include "experiments/case.h"
#include <functional>
#include <string_view>

namespace dilascope {

class Condition {
public:
    // Field names and types are checked here; errors name the column (from 1) and, for unknown names, the nearest
    // field.
    static Result<Condition> parse(std::string_view text);
    bool holds(const Case& config) const { return holds_(config); }

private:
    std::function<bool(const Case&)> holds_;
};

} // namespace dilascope
