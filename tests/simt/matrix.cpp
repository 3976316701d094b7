#include "tests/simt/matrix.h"
#include "engine/vector_clones.h"
#include <algorithm>
#include <bit>
#include <cstring>

namespace dilascope::simt {

// Depth is 16 of two-byte elements, 8 of tf32.
struct Operands {
    float a[16][16]; // (m, k)
    float b[16][8];  // (k, n)
    float c[16][8];  // (m, n)
};

VECTOR_CLONES static void multiply(Operands& x, int depth) {
    for (int k = 0; k < depth; ++k)
        for (int m = 0; m < 16; ++m)
            for (int n = 0; n < 8; ++n) x.c[m][n] += x.a[m][k] * x.b[k][n];
}

static float widen_f16(std::uint32_t bits) {
    const std::uint32_t magnitude = (bits & 0x7fff) << 13;
    // Exponents differ by 112; the product makes subnormals right. Infinity and not-a-number keep their exponent of
    // ones.
    std::uint32_t wide = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112f);
    if (magnitude >= 0x0f800000) wide = magnitude | 0x7f800000;
    return std::bit_cast<float>(wide | (bits & 0x8000) << 16);
}

template <host::Operand operand> static float widen(std::uint32_t bits) {
    if constexpr (operand == host::Operand::f16) return widen_f16(bits & 0xffff);
    if constexpr (operand == host::Operand::bf16) return std::bit_cast<float>(bits << 16);
    return std::bit_cast<float>(bits & 0xffffe000); // tf32: 10 bits of mantissa count
}

template <host::Operand operand> static void gather(const MultiplyLane* const (&lanes)[32], Operands& x) {
    constexpr bool is_pair = operand != host::Operand::tf32;
    constexpr int step = is_pair ? 2 : 1, half = is_pair ? 8 : 4; // k of neighbouring lanes, k of the second registers
    for (int lane = 0; lane < 32; ++lane) {
        const int group = lane / 4, k = lane % 4 * step;
        for (int element = 0; element < step; ++element) {
            const auto value = [&](std::uint32_t bits) { return widen<operand>(bits >> element * 16); };
            for (int index = 0; index < 4; ++index)
                x.a[group + (index & 1) * 8][k + (index >> 1) * half + element] = value(lanes[lane]->a[index]);
            for (int index = 0; index < 2; ++index)
                x.b[k + index * half + element][group] = value(lanes[lane]->b[index]);
        }
    }
}

void multiply_warp(host::Operand operand, const MultiplyLane* const (&lanes)[32]) {
    Operands x;
    switch (operand) {
    case host::Operand::f16: gather<host::Operand::f16>(lanes, x); break;
    case host::Operand::bf16: gather<host::Operand::bf16>(lanes, x); break;
    case host::Operand::tf32: gather<host::Operand::tf32>(lanes, x); break;
    }
    const auto sum = [&](int lane, int index) -> float& {
        return x.c[lane / 4 + (index >> 1) * 8][lane % 4 * 2 + (index & 1)];
    };
    for (int lane = 0; lane < 32; ++lane)
        for (int index = 0; index < 4; ++index) sum(lane, index) = lanes[lane]->c[index];
    multiply(x, operand == host::Operand::tf32 ? 8 : 16);
    for (int lane = 0; lane < 32; ++lane)
        for (int index = 0; index < 4; ++index) lanes[lane]->c[index] = sum(lane, index);
}

void load_warp(int count, bool is_transposed, const LoadLane* const (&lanes)[32]) {
    std::uint16_t matrices[4][8][8]; // read whole before any register is written
    for (int row = 0; row < count * 8; ++row) std::memcpy(matrices[row / 8][row % 8], lanes[row]->row, 16);
    for (int lane = 0; lane < 32; ++lane)
        for (int matrix = 0; matrix < count; ++matrix) {
            const auto element = [&](int column) -> std::uint32_t {
                const int row = lane / 4;
                return is_transposed ? matrices[matrix][column][row] : matrices[matrix][row][column];
            };
            lanes[lane]->registers[matrix] = element(lane % 4 * 2) | element(lane % 4 * 2 + 1) << 16;
        }
}

int load_wavefronts(int count, const LoadLane* const (&lanes)[32]) {
    int wavefronts = 0;
    for (int matrix = 0; matrix < count; ++matrix) {
        const void* rows[8][8]; // by banks: distinct addresses
        int row_counts[8] = {}, most = 0;
        for (int row = 0; row < 8; ++row) {
            const void* address = lanes[matrix * 8 + row]->row;
            const std::size_t banks = reinterpret_cast<std::uintptr_t>(address) / 16 % 8;
            int& rows_there = row_counts[banks];
            if (std::find(rows[banks], rows[banks] + rows_there, address) == rows[banks] + rows_there)
                rows[banks][rows_there++] = address;
            most = std::max(most, rows_there);
        }
        wavefronts += most;
    }
    return wavefronts;
}

} // namespace dilascope::simt
