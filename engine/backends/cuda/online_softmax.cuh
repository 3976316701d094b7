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

// Weights are exp2(scale·score − reference). A row's reference follows its maximum only when that has grown by more
// than `slack`: weights then reach 2^slack instead of 1, which sums in f32 and 16-bit weights hold as exactly, and
// after a few blocks hardly any outputs are rescaled (FlashAttention-4, arXiv 2603.05451).
template <int Atoms, int Keys> struct OnlineSoftmax {
    static constexpr float slack = 8; // log2
    float scale_log2 = 1;             // ≥ 0
    bool is_negated = false;
    float references[Atoms][2], sums[Atoms][2]; // log2, −∞ before the first key; sums: this lane's columns only

    DEVICE explicit OnlineSoftmax(float scale) : scale_log2(scale < 0 ? -scale : scale), is_negated(scale < 0) {
#pragma unroll
        for (int atom = 0; atom < Atoms; ++atom)
#pragma unroll
            for (int half = 0; half < 2; ++half) references[atom][half] = minus_infinity, sums[atom][half] = 0;
    }

    // What the score of a pair that is left out becomes.
    DEVICE float masked() const { return is_negated ? -minus_infinity : minus_infinity; }

    // Turns scores into weights, and rescales what was summed under references that have grown.
    template <int Width> DEVICE void add_block(float (&scores)[Atoms][Keys / 8][4], float (&outputs)[Atoms][Width][4]) {
        if (is_negated) negate(scores);
        float keep[Atoms][2];
        bool has_grown = false;
#pragma unroll
        for (int atom = 0; atom < Atoms; ++atom)
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                keep[atom][half] = raise_reference(atom, half, largest_of(scores[atom], half));
                has_grown |= keep[atom][half] != 1;
                sums[atom][half] =
                    form_weights(scores[atom], half, references[atom][half], sums[atom][half] * keep[atom][half]);
            }
        if (!has_grown) return;
#pragma unroll
        for (int atom = 0; atom < Atoms; ++atom)
#pragma unroll
            for (int n = 0; n < Width; ++n)
#pragma unroll
                for (int index = 0; index < 4; ++index) outputs[atom][n][index] *= keep[atom][index / 2];
    }

    // The whole row, known to the four lanes that share it.
    DEVICE SoftmaxRow row(int atom, int half) const {
        float sum = sums[atom][half];
        sum += shuffle_xor(sum, 1);
        sum += shuffle_xor(sum, 2);
        if (sum == 0) return {minus_infinity, 0};
        return {(references[atom][half] + log2_approx(sum)) * ln_2, 1 / sum};
    }

private:
    static DEVICE float largest_of(const float (&scores)[Keys / 8][4], int half) {
        float largest = minus_infinity;
#pragma unroll
        for (int n = 0; n < Keys / 8; ++n)
            largest = fmaxf(largest, fmaxf(scores[n][2 * half], scores[n][2 * half + 1]));
        largest = fmaxf(largest, shuffle_xor(largest, 1));
        return fmaxf(largest, shuffle_xor(largest, 2));
    }
    // Returns what the sums so far are multiplied by.
    DEVICE float raise_reference(int atom, int half, float largest) {
        const float wanted = largest == minus_infinity ? minus_infinity : largest * scale_log2;
        float& reference = references[atom][half];
        if (!(wanted > reference + slack)) return 1;
        const float keep = exp2_approx(reference - wanted);
        reference = wanted;
        return keep;
    }
    DEVICE float form_weights(float (&scores)[Keys / 8][4], int half, float reference, float sum) const {
        const float subtracted = reference == minus_infinity ? 0 : reference;
#pragma unroll
        for (int n = 0; n < Keys / 8; ++n)
#pragma unroll
            for (int column = 2 * half; column < 2 * half + 2; ++column) {
                scores[n][column] = exp2_approx(fmaf(scores[n][column], scale_log2, -subtracted));
                sum += scores[n][column];
            }
        return sum;
    }
    static DEVICE void negate(float (&scores)[Atoms][Keys / 8][4]) {
#pragma unroll
        for (int atom = 0; atom < Atoms; ++atom)
#pragma unroll
            for (int n = 0; n < Keys / 8; ++n)
#pragma unroll
                for (int index = 0; index < 4; ++index) scores[atom][n][index] = -scores[atom][n][index];
    }
};

// Scores of pairs that the pattern leaves out become `masked`: those of the rows from first_row on, and of the block's
// keys from first_key on.
template <int Atoms, int Tiles, int Keys>
DEVICE void mask_scores(float (&scores)[Atoms][Tiles][4], const KeyTable<Keys>& table, int block, int first_row,
                        int first_key, float masked) {
    const int row = first_row + lane() / 4, key = first_key + lane() % 4 * 2;
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
template <int Tiles, int Keys, int Rows>
DEVICE std::uint32_t kept_weights(const KeyTable<Keys>& table, int block, const ItemRows<Rows>& rows,
                                  const DropoutParams& dropout, std::int32_t heads, int first_row, int first_key) {
    static_assert(Tiles * 4 <= 32);
    const auto lane_row = std::uint32_t(rows.batch() * heads + rows.head());
    std::uint32_t kept = 0;
#pragma unroll 1
    for (int at = 0; at < Tiles * 4; ++at) {
        const int row = first_row + lane() / 4 + at % 4 / 2 * 8;
        const int key = first_key + at / 4 * 8 + lane() % 4 * 2 + at % 2;
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
