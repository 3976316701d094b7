#pragma once
// SpecAxis: the values one key of a case (or several keys that move together) takes in an experiment. Values are
// computed on demand, so that a huge range can be counted without being made.
#include "engine/result.h"
#include "experiments/case.h"
#include <string>
#include <variant>
#include <vector>

namespace dilascope {

using AxisValue = std::variant<std::int64_t, bool, std::string>;

// A place in the spec, for errors: "sweep.toml:12".
struct SpecPlace {
    std::string file;
    std::int64_t line = 0;
    tl::unexpected<Error> error(const std::string& what) const;
};

struct SpecAxis {
    std::vector<std::string> keys;
    SpecPlace place;
    // Values: rows × keys, or one generated key.
    std::vector<std::vector<AxisValue>> rows = {};
    std::vector<std::int64_t> row_lines = {};
    enum class Generator { none, range, pow2 } generator = Generator::none;
    std::int64_t from = 0, step = 1, generated_count = 0; // range: from + step·index; pow2: 2^(from + index)

    std::int64_t size() const { return generator == Generator::none ? std::int64_t(rows.size()) : generated_count; }
    AxisValue value(std::int64_t row, std::size_t key) const;
    std::int64_t line(std::int64_t row) const;
};

// Keys an experiment may set: the fields of a case but `input` (set by tensors or generator) and `cache` (set by
// [measure] hot and cold).
std::vector<std::string_view> axis_keys();

// Error when the key is unknown (nearest offered), the value has the wrong type, is out of the field's range, or is no
// pattern, dtype, backend or direction. `subject` is what the error calls it: "axes.seq_len".
Result<void> check_value(const SpecPlace& place, const std::string& subject, const std::string& key,
                         const AxisValue& value);

// The value a known key has when nothing sets it; an empty text for an unknown one.
AxisValue default_value(const std::string& key);

// Sets one field of a case; the value has passed check_value().
void set_field(Case& config, const std::string& key, const AxisValue& value);

} // namespace dilascope
