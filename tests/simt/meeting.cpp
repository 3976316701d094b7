#include "tests/simt/meeting.h"
#include <cstring>
#include <fmt/format.h>

namespace dilascope::simt {

static const char* name_of(MeetingKind kind) {
    switch (kind) {
    case MeetingKind::barrier: return "barrier";
    case MeetingKind::barrier_or: return "barrier_or";
    case MeetingKind::warp_barrier: return "warp_barrier";
    case MeetingKind::shuffle: return "shuffle";
    case MeetingKind::load_matrix: return "load_matrix";
    case MeetingKind::multiply_add: return "multiply_add";
    }
    return "";
}

std::string to_text(const char* what, Place place) {
    const char* slash = std::strrchr(place.file, '/');
    return fmt::format("{} at {}:{}", what, slash ? slash + 1 : place.file, place.line);
}

std::string to_text(const Meeting& meeting) { return to_text(name_of(meeting.kind), meeting.place); }

} // namespace dilascope::simt
