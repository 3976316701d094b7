#pragma once
// Meeting: where a thread waits for others.
#include "engine/backends/cuda/simt_host.h"
#include <cstring>
#include <string>

namespace dilascope::simt {

enum class MeetingKind : std::uint8_t { barrier, barrier_or, warp_barrier, shuffle, load_matrix, multiply_add };

struct Meeting {
    MeetingKind kind = MeetingKind::barrier;
    int variant = 0; // of the kind: operand type, number of matrices
    Place place = {};
    void* operands = nullptr; // of this thread
    bool is_same(const Meeting& other) const {
        return kind == other.kind && variant == other.variant && place.line == other.place.line &&
               (place.file == other.place.file || std::strcmp(place.file, other.place.file) == 0);
    }
};

// "multiply_add at forward_kernel.cuh:88"
std::string to_text(const Meeting& meeting);
std::string to_text(const char* what, Place place);

} // namespace dilascope::simt
