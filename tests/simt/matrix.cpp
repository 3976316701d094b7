#include "tests/simt/matrix.h"
#include "engine/vector_clones.h"
#include <algorithm>
#include <bit>
#include <cstring>

namespace dilascope::simt {

using Row = float __attribute__((vector_size(32))); // 8 columns; left to itself the compiler takes another loop
using Bits = std::int32_t __attribute__((vector_size(32)));
using Words = std::uint32_t __attribute__((vector_size(32))); // for sums that may wrap around

// Operands as floats; the depth is 16 of two-byte elements, 8 of tf32.
struct Operands {
    float a[16][16]; // (m, k)
    Row b[16];       // (k, n)
    Row c[16];       // (m, n)
};

// The power of two in each value, not less than the smallest normal number and infinite for what is no number. Returns
// the largest.
VECTOR_CLONES static float take_powers(const float* values, int count, float* powers) {
    std::int32_t largest = 0;
    for (int index = 0; index < count; ++index) {
        const std::int32_t bits = std::max(std::bit_cast<std::int32_t>(values[index]) & 0x7f800000, 0x00800000);
        powers[index] = std::bit_cast<float>(bits), largest = std::max(largest, bits);
    }
    return std::bit_cast<float>(largest);
}

// Adds 8 products of the depth as tensor cores do: the products and the sum so far are aligned to the largest power of
// two among them, cut towards zero two bits below the last of an f32 there, and added exactly; the sum is cut towards
// zero to f32. Fasi, Higham, Mikaitis and Pranesh, "Numerical behavior of NVIDIA tensor cores", PeerJ CS 7:e330, 2021,
// found this for GPUs up to the A100, which differ in how many products and bits they take; the two bits are an H100's.
VECTOR_CLONES static void add_products(Operands& x, const Operands& powers, int first) {
    for (int m = 0; m < 16; ++m) {
        Row products[8], top = reinterpret_cast<Row>(reinterpret_cast<Bits>(x.c[m]) & 0x7f800000);
        top = top > 0x1p-101f ? top : Row{} + 0x1p-101f; // or the unit would be subnormal
#pragma GCC unroll 8
        for (int k = 0; k < 8; ++k) {
            products[k] = x.a[m][first + k] * x.b[first + k];
            const Row power = powers.a[m][first + k] * powers.b[first + k];
            top = power > top ? power : top;
        }
        const Words exponent = reinterpret_cast<Words>(top);
        const Row unit = reinterpret_cast<Row>(exponent - (25u << 23));            // 2⁻²⁵ of `top`
        const Row units = reinterpret_cast<Row>(((127u + 152u) << 23) - exponent); // its inverse
        Bits sum = __builtin_convertvector(x.c[m] * units, Bits);                  // each term is below 2²⁷
#pragma GCC unroll 8
        for (int k = 0; k < 8; ++k) sum += __builtin_convertvector(products[k] * units, Bits);
        const Row nearest = __builtin_convertvector(sum, Row);
        const Bits back = __builtin_convertvector(nearest, Bits);
        const Bits is_beyond = sum < 0 ? back < sum : back > sum; // −1 where it was rounded away from zero
        x.c[m] = reinterpret_cast<Row>(reinterpret_cast<Words>(nearest) + reinterpret_cast<Words>(is_beyond)) * unit;
    }
}

// Infinities and not-a-numbers come of any order and rounding.
VECTOR_CLONES static void add_in_turn(Operands& x, int depth) {
    for (int m = 0; m < 16; ++m)
        for (int k = 0; k < depth; ++k) x.c[m] += x.a[m][k] * x.b[k];
}

static void multiply(Operands& x, int depth) {
    Operands powers;
    const float largest_a = take_powers(&x.a[0][0], 256, &powers.a[0][0]);
    const float largest_b = take_powers(reinterpret_cast<float*>(x.b), 128, reinterpret_cast<float*>(powers.b));
    const float largest_c = take_powers(reinterpret_cast<float*>(x.c), 128, reinterpret_cast<float*>(powers.c));
    if (std::max(largest_a * largest_b, largest_c) < 0x1p120f)
        for (int first = 0; first < depth; first += 8) add_products(x, powers, first);
    else
        add_in_turn(x, depth);
}

// Exponents differ by 112; the product makes subnormals right. Infinity and not-a-number keep an exponent of ones.
static float widen_f16(std::uint32_t bits) {
    const std::uint32_t magnitude = (bits & 0x7fff) << 13;
    const std::uint32_t scaled = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112f);
    const std::uint32_t wide = magnitude >= 0x0f800000 ? magnitude | 0x7f800000 : scaled;
    return std::bit_cast<float>(wide | (bits & 0x8000) << 16);
}

VECTOR_CLONES static void widen(const std::uint16_t* bits, int count, bool is_f16, float* to) {
    if (is_f16)
        for (int index = 0; index < count; ++index) to[index] = widen_f16(bits[index]);
    else
        for (int index = 0; index < count; ++index) to[index] = std::bit_cast<float>(std::uint32_t(bits[index]) << 16);
}

// A register holds two neighbours in k.
static void gather_pairs(const MultiplyLane* const (&lanes)[32], bool is_f16, Operands& x) {
    std::uint16_t a[16][16], b[8][16]; // (m, k), (n, k)
    float b_by_column[8][16];
    for (int lane = 0; lane < 32; ++lane) {
        const int group = lane / 4, k = lane % 4 * 2;
        for (int index = 0; index < 4; ++index)
            std::memcpy(&a[group + (index & 1) * 8][k + (index >> 1) * 8], &lanes[lane]->a[index], 4);
        for (int index = 0; index < 2; ++index) std::memcpy(&b[group][k + index * 8], &lanes[lane]->b[index], 4);
    }
    widen(&a[0][0], 256, is_f16, &x.a[0][0]);
    widen(&b[0][0], 128, is_f16, &b_by_column[0][0]);
    for (int k = 0; k < 16; ++k)
        for (int n = 0; n < 8; ++n) x.b[k][n] = b_by_column[n][k];
}

static void gather_tf32(const MultiplyLane* const (&lanes)[32], Operands& x) {
    const auto value = [](std::uint32_t bits) { return std::bit_cast<float>(bits & 0xffffe000); }; // 10 bits count
    for (int lane = 0; lane < 32; ++lane) {
        const int group = lane / 4, k = lane % 4;
        for (int index = 0; index < 4; ++index)
            x.a[group + (index & 1) * 8][k + (index >> 1) * 4] = value(lanes[lane]->a[index]);
        for (int index = 0; index < 2; ++index) x.b[k + index * 4][group] = value(lanes[lane]->b[index]);
    }
}

void multiply_warp(host::Operand operand, const MultiplyLane* const (&lanes)[32]) {
    Operands x{};
    const bool is_tf32 = operand == host::Operand::tf32;
    if (is_tf32)
        gather_tf32(lanes, x);
    else
        gather_pairs(lanes, operand == host::Operand::f16, x);
    float* c = reinterpret_cast<float*>(x.c);
    const auto sums = [&](int lane, int index) { return c + (lane / 4 + index * 8) * 8 + lane % 4 * 2; };
    for (int lane = 0; lane < 32; ++lane)
        for (int index = 0; index < 2; ++index) std::memcpy(sums(lane, index), lanes[lane]->c + index * 2, 8);
    multiply(x, is_tf32 ? 8 : 16);
    for (int lane = 0; lane < 32; ++lane)
        for (int index = 0; index < 2; ++index) std::memcpy(lanes[lane]->c + index * 2, sums(lane, index), 8);
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
