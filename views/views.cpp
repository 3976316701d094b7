#include "views/view.h"

namespace dilascope {

std::vector<std::unique_ptr<View>> make_views() {
    std::vector<std::unique_ptr<View>> views;
    return views;
}

}  // namespace dilascope
