#pragma once
// RunFilter: the filter text of the run table, parsed once and asked for each run.
#include "experiments/run.h"
#include <string>
#include <vector>

namespace dilascope {

class RunFilter {
public:
    // Words separated by blanks; all must hold. `word`: some text column contains it. `name=value`: the column contains
    // the text, or equals the number; also != < <= > >=. A leading `-` negates. Case does not matter.
    explicit RunFilter(const std::string& text);
    bool accepts(const Run& run) const;
    const std::string& error() const { return error_; } // empty, or which word was left out and why

private:
    enum class Compare : std::uint8_t { contains, equal, not_equal, less, less_equal, greater, greater_equal };
    struct Term {
        int column = -1; // −1: any text column
        Compare compare = Compare::contains;
        std::string text; // in lower case
        double number = 0;
        bool has_number = false, is_negated = false;
    };
    bool holds(const Term& term, const Run& run) const;
    void add(std::string word);

    std::vector<Term> terms_;
    std::string error_;
};

} // namespace dilascope
