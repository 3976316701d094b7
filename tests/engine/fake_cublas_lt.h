#pragma once
// A CublasLt that multiplies on the host as NVIDIA's documentation says: column-major, by the attributes that were set.
// It refuses attributes of a wrong size and layouts that do not fit each other, and counts what lives.
#include "engine/backends/cuda/cublas_lt.h"
#include "engine/dtype_convert.h"
#include <cstring>
#include <string>

namespace dilascope::fake_lt {

struct Counts {
    int live = 0;    // handles, operations, layouts and preferences
    int choices = 0; // heuristics asked
    int products = 0;
    int choose_status = 0, multiply_status = 0; // to be answered
    std::uint32_t alignments[4] = {};           // of the last preference
} inline counts;

struct Operation {
    int transposes[2] = {0, 0};
    int epilogue = 1; // none
    const float* bias = nullptr;
};
struct Layout {
    int type = 0;
    std::int64_t rows = 0, columns = 0, stride = 0, batch_stride = 0;
    int batch = 1;
};

constexpr int invalid_value = 7, not_supported = 15;

template <class T> int destroy(void* object) {
    --counts.live;
    delete static_cast<T*>(object);
    return 0;
}

template <class T> int set(T& member, const void* value, std::size_t bytes) {
    if (bytes != sizeof member) return invalid_value;
    std::memcpy(&member, value, bytes);
    return 0;
}

inline int set_operation(void* object, int attribute, const void* value, std::size_t bytes) {
    auto& operation = *static_cast<Operation*>(object);
    switch (attribute) {
    case 3: return set(operation.transposes[0], value, bytes);
    case 4: return set(operation.transposes[1], value, bytes);
    case 7: return set(operation.epilogue, value, bytes);
    case 8: return set(operation.bias, value, bytes);
    default: return invalid_value;
    }
}

inline int set_layout(void* object, int attribute, const void* value, std::size_t bytes) {
    auto& layout = *static_cast<Layout*>(object);
    return attribute == 5   ? set(layout.batch, value, bytes)
           : attribute == 6 ? set(layout.batch_stride, value, bytes)
                            : invalid_value;
}

inline int set_preference(void*, int attribute, const void* value, std::size_t bytes) {
    std::uint64_t workspace = 0;
    if (attribute == 1) return set(workspace, value, bytes);
    return attribute >= 5 && attribute <= 8 ? set(counts.alignments[attribute - 5], value, bytes) : invalid_value;
}

inline double element(const void* data, const Layout& layout, int matrix, std::int64_t row, std::int64_t column) {
    const std::int64_t at = matrix * layout.batch_stride + column * layout.stride + row;
    if (layout.type == 0) return static_cast<const float*>(data)[at];
    const std::uint16_t bits = static_cast<const std::uint16_t*>(data)[at];
    return layout.type == 2 ? f32_from_f16(bits) : f32_from_bf16(bits);
}

// Rows, inner size and columns that op(A)·op(B) and D agree on.
inline bool do_fit(const Operation& operation, const Layout& a, const Layout& b, const Layout& d) {
    const bool ta = operation.transposes[0] == 1, tb = operation.transposes[1] == 1;
    return (ta ? a.columns : a.rows) == d.rows && (tb ? b.rows : b.columns) == d.columns &&
           (ta ? a.rows : a.columns) == (tb ? b.columns : b.rows) && a.stride >= a.rows && b.stride >= b.rows &&
           d.stride >= d.rows && a.batch == d.batch && b.batch == d.batch && d.type == 0 && a.type == b.type;
}

inline int multiply(void*, void* operation_, const void* alpha, const void* a, void* a_layout, const void* b,
                    void* b_layout, const void* beta, const void* c, void* c_layout, void* d, void* d_layout,
                    const void* algorithm, void* workspace, std::size_t workspace_bytes, void*) {
    const auto& operation = *static_cast<Operation*>(operation_);
    const auto &la = *static_cast<Layout*>(a_layout), &lb = *static_cast<Layout*>(b_layout),
               &lc = *static_cast<Layout*>(c_layout), &ld = *static_cast<Layout*>(d_layout);
    std::uint64_t chosen = 0;
    std::memcpy(&chosen, algorithm, sizeof chosen);
    if (!do_fit(operation, la, lb, ld) || chosen != 4711 || !workspace || workspace_bytes < 1024) return invalid_value;
    if (counts.multiply_status != 0) return counts.multiply_status;
    ++counts.products;
    float factor = 0, old = 0;
    std::memcpy(&factor, alpha, sizeof factor), std::memcpy(&old, beta, sizeof old);
    const bool ta = operation.transposes[0] == 1, tb = operation.transposes[1] == 1;
    const std::int64_t inner = ta ? la.rows : la.columns;
    for (int matrix = 0; matrix < ld.batch; ++matrix)
        for (std::int64_t column = 0; column < ld.columns; ++column)
            for (std::int64_t row = 0; row < ld.rows; ++row) {
                double sum = 0;
                for (std::int64_t at = 0; at < inner; ++at)
                    sum += (ta ? element(a, la, matrix, at, row) : element(a, la, matrix, row, at)) *
                           (tb ? element(b, lb, matrix, column, at) : element(b, lb, matrix, at, column));
                double value = factor * sum;
                if (old != 0) value += old * element(c, lc, matrix, row, column);
                if (operation.epilogue == 4) value += operation.bias[row];
                static_cast<float*>(d)[matrix * ld.batch_stride + column * ld.stride + row] = float(value);
            }
    return 0;
}

inline CublasLt library() {
    CublasLt made;
    made.create = [](void** handle) { return ++counts.live, *handle = &counts, 0; };
    made.destroy = [](void*) { return --counts.live, 0; };
    made.create_operation = [](void** operation, int compute, int scale) {
        ++counts.live;
        *operation = new Operation;
        return compute == 68 && scale == 0 ? 0 : invalid_value;
    };
    made.destroy_operation = destroy<Operation>;
    made.set_operation = set_operation;
    made.create_layout = [](void** layout, int type, std::uint64_t rows, std::uint64_t columns, std::int64_t stride) {
        ++counts.live;
        *layout = new Layout{type, std::int64_t(rows), std::int64_t(columns), stride, 0, 1};
        return 0;
    };
    made.destroy_layout = destroy<Layout>;
    made.set_layout = set_layout;
    made.create_preference = [](void** preference) { return ++counts.live, *preference = new int(0), 0; };
    made.destroy_preference = destroy<int>;
    made.set_preference = set_preference;
    made.choose = [](void*, void*, void*, void*, void*, void*, void*, int asked, CublasLtChoice* choices, int* found) {
        ++counts.choices;
        if (asked != 1) return invalid_value;
        choices[0].algorithm[0] = 4711, choices[0].workspace_bytes = 1024;
        return *found = counts.choose_status == 0, counts.choose_status;
    };
    made.multiply = multiply;
    made.status_text = [](int status) {
        return status == 13 ? "CUBLAS_STATUS_EXECUTION_FAILED" : "CUBLAS_STATUS_NOT_SUPPORTED";
    };
    made.version = []() -> std::size_t { return 130102; };
    return made;
}

} // namespace dilascope::fake_lt
