#pragma once
// One product with random inputs, its float64 result by a triple loop, and the distance from it.
#include "engine/dtype_convert.h"
#include "engine/gemm/gemm.h"
#include <cmath>
#include <cstring>
#include <random>
#include <sstream>
#include <vector>

namespace dilascope {

struct GemmCase {
    GemmCall call;
    std::vector<std::byte> a, b; // as call.dtype has them
    std::vector<double> a_values, b_values;
    std::vector<float> c, bias;

    GemmCase() = default;
    GemmCase(GemmCase&&) = default; // vectors keep their memory when moved, so call's pointers stay right
};

inline std::string describe(const GemmCall& call) {
    std::stringstream text;
    text << call.rows << "x" << call.columns << "x" << call.inner << " " << enum_name(call.dtype) << " ops "
         << int(call.a_op) << int(call.b_op) << " strides " << call.a_stride << " " << call.b_stride << " "
         << call.c_stride << " batch " << call.batch << ": " << call.a_batch_stride << " " << call.b_batch_stride << " "
         << call.c_batch_stride << " alpha " << call.alpha << " beta " << call.beta << (call.bias ? " bias" : "");
    return text.str();
}

// New values for every matrix of the case, whose shapes are set.
inline void fill_gemm_case(GemmCase& c, std::mt19937_64& random) {
    GemmCall& call = c.call;
    std::normal_distribution<float> normal;
    const auto fill = [&](std::int64_t rows, std::int64_t stride, std::int64_t batch_stride,
                          std::vector<std::byte>& bytes, std::vector<double>& values) {
        const auto count = std::size_t((call.batch - 1) * batch_stride + rows * stride);
        std::vector<float> wide(count);
        for (float& value : wide) value = normal(random);
        bytes.resize(count * dtype_bytes(call.dtype)), values.resize(count);
        narrow_f32(wide.data(), std::int64_t(count), call.dtype, bytes.data());
        widen_to_f64(bytes.data(), call.dtype, 0, std::int64_t(count), values.data());
    };
    fill(call.a_op == MatrixOp::plain ? call.rows : call.inner, call.a_stride, call.a_batch_stride, c.a, c.a_values);
    fill(call.b_op == MatrixOp::plain ? call.inner : call.columns, call.b_stride, call.b_batch_stride, c.b, c.b_values);
    c.c.resize(std::size_t((call.batch - 1) * call.c_batch_stride + call.rows * call.c_stride));
    for (float& value : c.c) value = normal(random);
    c.bias.resize(std::size_t(call.columns));
    for (float& value : c.bias) value = normal(random);
    call.a = c.a.data(), call.b = c.b.data(), call.c = c.c.data();
    if (call.bias) call.bias = c.bias.data();
}

// Any operation on matrices of such sizes; leading dimensions and batch strides are often larger than they must be.
inline GemmCase random_gemm_case(std::mt19937_64& random, const std::vector<std::int64_t>& sizes) {
    const auto below = [&](std::int64_t count) { return std::int64_t(random() % std::uint64_t(count)); };
    const auto some = [&] { return sizes[std::size_t(below(std::int64_t(sizes.size())))]; };
    GemmCase c;
    GemmCall& call = c.call;
    call.rows = some(), call.columns = some(), call.inner = some();
    call.dtype = Dtype(below(3));
    call.a_op = MatrixOp(below(2)), call.b_op = MatrixOp(below(2));
    const auto padding = [&] { return below(2) * below(9); };
    call.a_stride = (call.a_op == MatrixOp::plain ? call.inner : call.rows) + padding();
    call.b_stride = (call.b_op == MatrixOp::plain ? call.columns : call.inner) + padding();
    call.c_stride = call.columns + padding();
    call.batch = below(2) == 0 ? 1 : 1 + below(4);
    if (call.batch > 1) {
        const auto a_rows = call.a_op == MatrixOp::plain ? call.rows : call.inner;
        const auto b_rows = call.b_op == MatrixOp::plain ? call.inner : call.columns;
        if (below(3) != 0) call.a_batch_stride = a_rows * call.a_stride + padding();
        if (below(3) != 0) call.b_batch_stride = b_rows * call.b_stride + padding();
        call.c_batch_stride = call.rows * call.c_stride + padding();
    }
    call.alpha = below(2) == 0 ? 1.f : -0.75f;
    call.beta = below(2) == 0 ? 0.f : below(2) == 0 ? 1.f : 0.5f;
    const float none = 0;
    call.bias = below(2) == 0 ? nullptr : &none; // replaced below
    fill_gemm_case(c, random);
    return c;
}

// (batch, rows, columns) of the result, and beside it what bounds its rounding: Σ |terms|.
struct GemmTruth {
    double value, magnitude;
};
inline GemmTruth truth_at(const GemmCase& c, std::int64_t matrix, std::int64_t row, std::int64_t column) {
    const GemmCall& call = c.call;
    double sum = 0, magnitude = 0;
    for (std::int64_t at = 0; at < call.inner; ++at) {
        const std::int64_t a_at = call.a_op == MatrixOp::plain ? row * call.a_stride + at : at * call.a_stride + row;
        const std::int64_t b_at =
            call.b_op == MatrixOp::plain ? at * call.b_stride + column : column * call.b_stride + at;
        const double term = c.a_values[std::size_t(matrix * call.a_batch_stride + a_at)] *
                            c.b_values[std::size_t(matrix * call.b_batch_stride + b_at)];
        sum += term, magnitude += std::abs(term);
    }
    const double old = c.c[std::size_t(matrix * call.c_batch_stride + row * call.c_stride + column)];
    const double bias = call.bias ? c.bias[std::size_t(column)] : 0;
    return {call.alpha * sum + (call.beta != 0 ? call.beta * old : 0) + bias,
            std::abs(call.alpha) * magnitude + std::abs(call.beta != 0 ? call.beta * old : 0) + std::abs(bias)};
}

// Values, then magnitudes, before the product is run.
inline std::vector<double> product_of(const GemmCase& c) {
    std::vector<double> values, magnitudes;
    for (std::int64_t matrix = 0; matrix < c.call.batch; ++matrix)
        for (std::int64_t row = 0; row < c.call.rows; ++row)
            for (std::int64_t column = 0; column < c.call.columns; ++column) {
                const GemmTruth truth = truth_at(c, matrix, row, column);
                values.push_back(truth.value), magnitudes.push_back(truth.magnitude);
            }
    values.insert(values.end(), magnitudes.begin(), magnitudes.end());
    return values;
}

// The largest |C − truth| above what rounding explains; ≤ 0 when all is well, +∞ for NaN. A sum of n f32 terms in any
// order errs by at most n·2⁻²⁴·Σ|terms|; its usual error grows with √n, and 4·√n catches a product of fewer bits.
inline double worst_excess(const GemmCase& c, const std::vector<double>& truth) {
    const GemmCall& call = c.call;
    double worst = -1;
    std::size_t at = 0;
    for (std::int64_t matrix = 0; matrix < call.batch; ++matrix)
        for (std::int64_t row = 0; row < call.rows; ++row)
            for (std::int64_t column = 0; column < call.columns; ++column, ++at) {
                const double found = c.c[std::size_t(matrix * call.c_batch_stride + row * call.c_stride + column)];
                const double allowed = (4 * std::sqrt(double(call.inner)) + 4) * 0x1p-24 * truth[truth.size() / 2 + at];
                const double excess = std::abs(found - truth[at]) - allowed;
                worst = std::isnan(excess) ? INFINITY : std::max(worst, excess);
            }
    return worst;
}

// What lies between C's rows and matrices is as it was.
inline bool is_padding_kept(const GemmCase& c, const std::vector<float>& before) {
    const GemmCall& call = c.call;
    std::vector<bool> is_inside(before.size());
    for (std::int64_t matrix = 0; matrix < call.batch; ++matrix)
        for (std::int64_t row = 0; row < call.rows; ++row)
            for (std::int64_t column = 0; column < call.columns; ++column)
                is_inside[std::size_t(matrix * call.c_batch_stride + row * call.c_stride + column)] = true;
    for (std::size_t at = 0; at < before.size(); ++at)
        if (!is_inside[at] && std::memcmp(&c.c[at], &before[at], sizeof(float)) != 0) return false;
    return true;
}

} // namespace dilascope
