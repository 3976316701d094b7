#pragma once
// Notices: what the program has to tell: errors stay until closed and can be copied, the rest fades.
#include <string>
#include <vector>

namespace dilascope {

struct Notice {
    std::string text;
    bool is_error = false;
    double age_s = 0;
};

class Notices {
public:
    void tell(std::string text);
    void warn(std::string text);
    // The newest one's text, empty when there is none.
    std::string newest() const { return notices_.empty() ? std::string() : notices_.back().text; }
    // Cards above the status bar, at the right edge. `bottom`: its screen y; lengths in pixels.
    void draw(float right, float bottom, float scale);
    bool animating() const; // a card will fade

private:
    void add(std::string text, bool is_error);
    std::vector<Notice> notices_;
};

} // namespace dilascope
