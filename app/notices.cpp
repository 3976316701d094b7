#include "app/notices.h"
#include "app/controls.h"
#include "views/view.h"
#include <algorithm>
#include <imgui_internal.h>

namespace dilascope {
namespace {
constexpr double shown_s = 6, fade_s = 0.4;
constexpr std::size_t kept = 4;
} // namespace

void Notices::add(std::string text, bool is_error) {
    // The same thing told twice is one card.
    std::erase_if(notices_, [&](const Notice& notice) { return notice.text == text; });
    notices_.push_back({std::move(text), is_error, 0});
    if (notices_.size() > kept) notices_.erase(notices_.begin());
}

void Notices::tell(std::string text) { add(std::move(text), false); }
void Notices::warn(std::string text) { add(std::move(text), true); }

bool Notices::animating() const {
    return std::any_of(notices_.begin(), notices_.end(), [](const Notice& notice) { return !notice.is_error; });
}

void Notices::draw(float right, float bottom, float scale) {
    const double step_s = double(ImGui::GetIO().DeltaTime);
    std::size_t closed = notices_.size();
    float y = bottom - space::gap * scale;
    for (std::size_t index = notices_.size(); index-- > 0;) {
        Notice& notice = notices_[index];
        notice.age_s += step_s;
        const float alpha =
            notice.is_error ? 1.f : float(std::clamp((shown_s + fade_s - notice.age_s) / fade_s, 0.0, 1.0));
        if (alpha <= 0) {
            closed = index;
            continue;
        }
        const std::string name = "notice/" + std::to_string(index);
        const float width = std::min(440 * scale, right * 0.8f);
        ImGui::SetNextWindowPos({right - space::padding * scale, y}, ImGuiCond_Always, {1, 1});
        ImGui::SetNextWindowSizeConstraints({width, 0}, {width, 1e6f});
        ImGui::PushStyleVar(ImGuiStyleVar_Alpha, alpha);
        ImGui::PushStyleColor(ImGuiCol_WindowBg, ImGui::GetStyleColorVec4(ImGuiCol_PopupBg));
        ImGui::PushStyleColor(ImGuiCol_Border, colour_u32(notice.is_error ? theme().bad : theme().line));
        ImGui::Begin(name.c_str(), nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoMove |
                         ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoFocusOnAppearing);
        ImGui::BringWindowToDisplayFront(ImGui::GetCurrentWindow());
        ImGui::PushTextWrapPos(0);
        ImGui::TextUnformatted(notice.text.c_str());
        ImGui::PopTextWrapPos();
        if (notice.is_error) {
            if (quiet_button((name + "/copy").c_str(), "Copy details", false, TextStyle::caption))
                ImGui::SetClipboardText(notice.text.c_str());
            ImGui::SameLine();
            if (quiet_button((name + "/close").c_str(), "Close", false, TextStyle::caption)) closed = index;
        }
        y -= ImGui::GetWindowHeight() + space::gap * scale;
        ImGui::End();
        ImGui::PopStyleColor(2);
        ImGui::PopStyleVar();
    }
    if (closed < notices_.size()) notices_.erase(notices_.begin() + std::ptrdiff_t(closed));
}

} // namespace dilascope
