#pragma once
// The columns of a table of runs, from Run::visit: names, units, values, and which of them tell the runs apart.
#include "engine/result.h"
#include "experiments/run.h"
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace dilascope {

struct RunColumn {
    std::string name, unit, help;
    bool is_number = false;
};
const std::vector<RunColumn>& run_columns(); // in the order of Run::visit; their indexes name them below
// Indexes of the named columns. An unknown name offers the nearest.
Result<std::vector<std::size_t>> columns_named(std::span<const std::string> names);

using RunCell = std::variant<bool, std::int64_t, double, std::string>; // an enum is its name
std::vector<RunCell> run_cells(const Run& run);
// The shortest text that reads back as the same value; "" for NaN.
std::string cell_text(const RunCell& cell);

// A table for people: what differs between the runs comes first, then the results; what is equal in all is said once.
struct ColumnChoice {
    std::vector<std::size_t> shown;
    std::vector<std::size_t> equal; // settings and environment with one value in all runs
};
ColumnChoice telling_columns(std::span<const Run> runs);

// Characters of an id that tell all these runs apart, at least 8.
std::size_t distinct_id_length(std::span<const Run> runs);

} // namespace dilascope
