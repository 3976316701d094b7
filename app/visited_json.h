#pragma once
// A record as a JSON object, its fields by their names, enums as words.
#include "engine/visit.h"
#include <nlohmann/json.hpp>

namespace dilascope {

template <class Visited> nlohmann::ordered_json json_of(const Visited& visited) {
    nlohmann::ordered_json json;
    Visited::visit(visited, [&](const Field& field, const auto& value) {
        if constexpr (std::is_enum_v<std::remove_cvref_t<decltype(value)>>)
            json[field.name] = enum_name(value);
        else
            json[field.name] = value;
    });
    return json;
}

} // namespace dilascope
