#pragma once
// The softmax of a warp's rows, block by block: maxima, sums, and the scores' way to weights. Lane 4g + t holds
// columns 8n + 2t and 8n + 2t + 1 of rows g and g + 8 of each atom of 16 rows.
#include "engine/backends/cuda/item_rows.cuh"
#include "engine/infinity.h"

namespace dilascope::simt {

constexpr float log2_e = 1.44269504f, ln_2 = 0.69314718f;

struct SoftmaxRow {
    float lse = 0; // natural log of the sum of exp; −∞ where the row saw no key
    float inverse_sum = 0;
};

template <int Atoms, int Keys> struct OnlineSoftmax {
    float scale_log2 = 1; // ≥ 0
    bool is_negated = false;
    float maxima[Atoms][2], sums[Atoms][2]; // sums: this lane's columns only

    DEVICE explicit OnlineSoftmax(float scale) : scale_log2(scale < 0 ? -scale : scale), is_negated(scale < 0) {
#pragma unroll
        for (int atom = 0; atom < Atoms; ++atom)
#pragma unroll
            for (int half = 0; half < 2; ++half) maxima[atom][half] = minus_infinity, sums[atom][half] = 0;
    }

    // What the score of a pair that is left out becomes.
    DEVICE float masked() const { return is_negated ? -minus_infinity : minus_infinity; }

    // Turns scores into weights exp2(scale·(score − max)) and rescales what was summed under smaller maxima.
    template <int Width> DEVICE void add_block(float (&scores)[Atoms][Keys / 8][4], float (&outputs)[Atoms][Width][4]) {
        if (is_negated) negate(scores);
#pragma unroll
        for (int atom = 0; atom < Atoms; ++atom)
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                float largest = maxima[atom][half];
#pragma unroll
                for (int n = 0; n < Keys / 8; ++n)
                    largest = fmaxf(largest, fmaxf(scores[atom][n][2 * half], scores[atom][n][2 * half + 1]));
                largest = fmaxf(largest, shuffle_xor(largest, 1));
                largest = fmaxf(largest, shuffle_xor(largest, 2));
                const float reference = largest == minus_infinity ? 0 : largest * scale_log2;
                const float keep = exp2_approx(fmaf(maxima[atom][half], scale_log2, -reference));
                maxima[atom][half] = largest;
                float sum = sums[atom][half] * keep;
#pragma unroll
                for (int n = 0; n < Keys / 8; ++n)
#pragma unroll
                    for (int column = 2 * half; column < 2 * half + 2; ++column) {
                        scores[atom][n][column] = exp2_approx(fmaf(scores[atom][n][column], scale_log2, -reference));
                        sum += scores[atom][n][column];
                    }
                sums[atom][half] = sum;
#pragma unroll
                for (int n = 0; n < Width; ++n)
                    outputs[atom][n][2 * half] *= keep, outputs[atom][n][2 * half + 1] *= keep;
            }
    }

    // The whole row, known to the four lanes that share it.
    DEVICE SoftmaxRow row(int atom, int half) const {
        float sum = sums[atom][half];
        sum += shuffle_xor(sum, 1);
        sum += shuffle_xor(sum, 2);
        if (sum == 0) return {minus_infinity, 0};
        return {(maxima[atom][half] * scale_log2 + log2_approx(sum)) * ln_2, 1 / sum};
    }

private:
    static DEVICE void negate(float (&scores)[Atoms][Keys / 8][4]) {
#pragma unroll
        for (int atom = 0; atom < Atoms; ++atom)
#pragma unroll
            for (int n = 0; n < Keys / 8; ++n)
#pragma unroll
                for (int index = 0; index < 4; ++index) scores[atom][n][index] = -scores[atom][n][index];
    }
};

// Scores of pairs that the pattern leaves out become `masked`: those of the rows from first_row on.
template <int Atoms, int Tiles>
DEVICE void mask_scores(float (&scores)[Atoms][Tiles][4], const KeyTable<Tiles * 8>& table, int block, int first_row,
                        float masked) {
    const int row = first_row + lane() / 4, key = lane() % 4 * 2;
#pragma unroll
    for (int atom = 0; atom < Atoms; ++atom)
#pragma unroll
        for (int n = 0; n < Tiles; ++n)
#pragma unroll
            for (int index = 0; index < 4; ++index)
                if (!table.is_seen(block, key + n * 8 + index % 2, row + atom * 16 + index / 2 * 8))
                    scores[atom][n][index] = masked;
}

// Which of an atom's weights dropout keeps: bit 4n + index. The generator runs in a loop of its own, once a pair:
// unrolled with the weights, it would be most of the kernel's code.
template <int Tiles, int Rows>
DEVICE std::uint32_t kept_weights(const KeyTable<Tiles * 8>& table, int block, const ItemRows<Rows>& rows,
                                  const DropoutParams& dropout, std::int32_t heads, int first_row) {
    static_assert(Tiles * 4 <= 32);
    const auto lane_row = std::uint32_t(rows.batch() * heads + rows.head());
    std::uint32_t kept = 0;
#pragma unroll 1
    for (int at = 0; at < Tiles * 4; ++at) {
        const int row = first_row + lane() / 4 + at % 4 / 2 * 8;
        const int key = at / 4 * 8 + lane() % 4 * 2 + at % 2;
        if (row < rows.count())
            kept |= std::uint32_t(keeps_weight(dropout, table, block, key, lane_row, rows.positions[row])) << at;
    }
    return kept;
}

template <int Tiles> DEVICE void drop_weights(float (&weights)[Tiles][4], std::uint32_t kept) {
#pragma unroll
    for (int n = 0; n < Tiles; ++n)
#pragma unroll
        for (int index = 0; index < 4; ++index)
            if (!(kept >> (n * 4 + index) & 1)) weights[n][index] = 0;
}

} // namespace dilascope::simt
