#pragma once
// GoTo: picks a cell of the matrix by its query and key numbers.
#include "app/overlay.h"
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dilascope {

// "512 40", "512, 40" or "512" (its own key): a query and a key; nothing when it is neither.
std::optional<std::pair<std::int64_t, std::int64_t>> parse_cell(std::string_view text);

class GoTo : public Overlay {
public:
    explicit GoTo(const Workbench& workbench);
    const char* name() const override { return "go_to"; }
    float width() const override { return 360; }
    bool draw(Workbench& workbench) override;

private:
    std::string text_;
    bool is_new_ = true;
};

} // namespace dilascope
