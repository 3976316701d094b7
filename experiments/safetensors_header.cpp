// The JSON header of a .safetensors file, read event by event: a document tree would merge duplicate keys unseen, and a
// hostile header could nest as deep as it is long.
#include "experiments/safetensors.h"
#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

namespace dilascope {

namespace {

struct KnownDtype {
    std::string_view name;
    std::int64_t bytes;
};
constexpr std::array known_dtypes = {
    KnownDtype{"F16", 2},     KnownDtype{"BF16", 2},    KnownDtype{"F32", 4},     KnownDtype{"F64", 8},
    KnownDtype{"BOOL", 1},    KnownDtype{"I8", 1},      KnownDtype{"I16", 2},     KnownDtype{"I32", 4},
    KnownDtype{"I64", 8},     KnownDtype{"U8", 1},      KnownDtype{"U16", 2},     KnownDtype{"U32", 4},
    KnownDtype{"U64", 8},     KnownDtype{"F8_E4M3", 1}, KnownDtype{"F8_E5M2", 1}, KnownDtype{"C64", 8},
    KnownDtype{"F8_E8M0", 1},
};

// Collects entries; returns false, with `error` set, at the first thing a header may not hold.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
public:
    std::vector<SafetensorsEntry> entries;
    std::string error;

    bool start_object(std::size_t) override {
        if (depth_ == 0) return enter();
        if (depth_ == 1 && in_metadata_) return enter();
        if (depth_ == 1) {
            entries.push_back({name_, {}, {}, -1, -1});
            fields_.clear();
            return enter();
        }
        return unexpected("an object");
    }
    bool end_object() override {
        if (--depth_ == 1 && !in_metadata_ && fields_.size() != 3)
            return refuse(fmt::format("tensor \"{}\" lacks dtype, shape or data_offsets", name_));
        return true;
    }
    bool key(string_t& text) override {
        if (depth_ == 1) {
            name_ = text, in_metadata_ = name_ == "__metadata__";
            if (!names_.insert(name_).second) return refuse(fmt::format("the name \"{}\" stands there twice", name_));
        } else if (!in_metadata_) {
            field_ = text;
            if (field_ != "dtype" && field_ != "shape" && field_ != "data_offsets")
                return refuse(fmt::format("tensor \"{}\" has the key \"{}\"; expected dtype, shape and data_offsets",
                                          name_, field_));
            if (!fields_.insert(field_).second)
                return refuse(fmt::format("tensor \"{}\" has two of \"{}\"", name_, field_));
        }
        return true;
    }
    bool string(string_t& text) override {
        if (depth_ == 2 && in_metadata_) return true;
        if (depth_ != 2 || field_ != "dtype") return unexpected("text");
        entries.back().dtype = text;
        return true;
    }
    bool start_array(std::size_t) override {
        if (depth_ != 2 || in_metadata_ || field_ == "dtype") return unexpected("a list");
        numbers_.clear();
        return enter();
    }
    bool number_unsigned(number_unsigned_t number) override {
        if (depth_ != 3) return unexpected("a number");
        if (number > number_unsigned_t(INT64_MAX))
            return refuse(fmt::format("tensor \"{}\": {} is out of range", name_, number));
        if (numbers_.size() == 64)
            return refuse(fmt::format("tensor \"{}\" has a shape of more than 64 extents", name_));
        numbers_.push_back(std::int64_t(number));
        return true;
    }
    bool end_array() override {
        --depth_;
        SafetensorsEntry& entry = entries.back();
        if (field_ == "shape") {
            entry.shape = numbers_;
            return true;
        }
        if (numbers_.size() != 2)
            return refuse(fmt::format("tensor \"{}\" has {} data_offsets; expected 2", name_, numbers_.size()));
        entry.begin = numbers_[0], entry.end = numbers_[1];
        return true;
    }
    bool null() override { return unexpected("null"); }
    bool boolean(bool) override { return unexpected("a boolean"); }
    bool number_integer(number_integer_t number) override { return unexpected(fmt::format("the number {}", number)); }
    bool number_float(number_float_t, const string_t& text) override {
        return unexpected("the number " + text.substr(0, 32));
    }
    bool binary(binary_t&) override { return unexpected("binary data"); }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
        return refuse(fmt::format("it is not JSON from byte {} on", position));
    }

private:
    bool enter() { return ++depth_, true; }
    bool refuse(std::string what) { return error = std::move(what), false; }
    bool unexpected(std::string_view what) {
        if (depth_ == 0) return refuse(fmt::format("it is {}; expected an object", what));
        return refuse(fmt::format("\"{}\" holds {} where none belongs", name_, what));
    }

    int depth_ = 0; // 1: tensor names, 2: fields of a tensor, 3: numbers of a field
    bool in_metadata_ = false;
    std::string name_, field_;
    std::set<std::string> names_, fields_;
    std::vector<std::int64_t> numbers_;
};

// Empty when the entry's offsets, dtype and shape agree.
std::string entry_fault(const SafetensorsEntry& entry, std::int64_t data_bytes) {
    if (entry.begin > entry.end || entry.end > data_bytes)
        return fmt::format("has data_offsets [{}, {}]; expected a range within the file's {} bytes of values",
                           entry.begin, entry.end, data_bytes);
    const auto count = element_count(entry.shape);
    if (!count) return fmt::format("has the shape {}, too large to count", shape_text(entry.shape));
    const auto* known = std::find_if(known_dtypes.begin(), known_dtypes.end(),
                                     [&](const KnownDtype& dtype) { return dtype.name == entry.dtype; });
    if (known == known_dtypes.end()) return {}; // a newer type: its size is not known; refused once it is asked for
    const std::int64_t bytes = entry.end - entry.begin;
    if (*count != bytes / known->bytes || bytes % known->bytes != 0)
        return fmt::format("of dtype {} and shape {} has {} bytes; expected {} elements of {} bytes", entry.dtype,
                           shape_text(entry.shape), bytes, *count, known->bytes);
    return {};
}

} // namespace

Result<std::vector<SafetensorsEntry>> parse_safetensors_header(std::string_view text, std::int64_t data_bytes,
                                                               std::string_view subject) {
    const auto damaged = [&](std::string_view what) {
        return fail(
            fmt::format("{}: its safetensors header is damaged: {}; save or copy the file again", subject, what));
    };
    HeaderReader reader;
    if (!text.starts_with('{')) return damaged("it does not start with \"{\"");
    if (!nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) return damaged(reader.error);
    std::vector<SafetensorsEntry>& entries = reader.entries;
    for (const SafetensorsEntry& entry : entries) {
        const std::string fault = entry_fault(entry, data_bytes);
        if (!fault.empty()) return damaged(fmt::format("tensor \"{}\" {}", entry.name, fault));
    }
    std::stable_sort(entries.begin(), entries.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
        return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::int64_t end = 0;
    for (const SafetensorsEntry& entry : entries) {
        if (entry.begin < end)
            return damaged(fmt::format("tensor \"{}\" starts at byte {}, where another ends at {}, so they overlap",
                                       entry.name, entry.begin, end));
        if (entry.begin > end)
            return damaged(
                fmt::format("bytes {} to {} before tensor \"{}\" belong to none", end, entry.begin, entry.name));
        end = entry.end;
    }
    if (end != data_bytes) return damaged(fmt::format("its tensors end at byte {} of {}", end, data_bytes));
    return std::move(entries);
}

} // namespace dilascope
