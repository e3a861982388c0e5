#pragma once

#include "patch_kernels.h"

#include <array>
#include <cstddef>
#include <cstring>

#define MOL_EDGE_PATCH_INLINE [[gnu::always_inline]] inline

/// The patch kernels in vectors of eight, which compilers lower to what a target has. They are
/// inlined into functions with a target of their own, and so compiled once per instruction set.
namespace mol_edge::generic {

using Eight = float __attribute__((vector_size(32)));

/// A row of a patch.
struct Lanes {
    Eight low{};
    Eight high{};
};

MOL_EDGE_PATCH_INLINE void load(const float* from, Lanes& row) {
    std::memcpy(&row.low, from, sizeof row.low);
    std::memcpy(&row.high, from + 8, sizeof row.high);
}

MOL_EDGE_PATCH_INLINE void store(const Lanes& row, float* to) {
    std::memcpy(to, &row.low, sizeof row.low);
    std::memcpy(to + 8, &row.high, sizeof row.high);
}

MOL_EDGE_PATCH_INLINE void add_product(const Lanes& a, const Lanes& b, Lanes& sum) {
    sum.low += a.low * b.low;
    sum.high += a.high * b.high;
}

MOL_EDGE_PATCH_INLINE void multiply(const Lanes& a, Lanes& row) {
    row.low *= a.low;
    row.high *= a.high;
}

MOL_EDGE_PATCH_INLINE float total(const Lanes& row) {
    const Eight both = row.low + row.high;
    float sum = 0;
    for (int i = 0; i < 8; ++i) sum += both[i];
    return sum;
}

alignas(64) inline constexpr std::array<float, kPatchLanes> kTaper = patch_taper();

MOL_EDGE_PATCH_INLINE void weights_of_row(const Lanes& columns, int row, Lanes& weights) {
    const float factor = kTaper[static_cast<std::size_t>(row)];
    weights.low = columns.low * factor;
    weights.high = columns.high * factor;
}

/// Half the difference of two neighbours.
MOL_EDGE_PATCH_INLINE void difference(const float* before, const float* after, Lanes& gradient) {
    Lanes from;
    load(before, from);
    load(after, gradient);
    gradient.low = (gradient.low - from.low) * 0.5F;
    gradient.high = (gradient.high - from.high) * 0.5F;
}

/// A row of a plane between its columns, from `from` on.
MOL_EDGE_PATCH_INLINE void between_columns(const float* from, float right, Lanes& out) {
    Lanes next;
    load(from, out);
    load(from + 1, next);
    out.low += (next.low - out.low) * right;
    out.high += (next.high - out.high) * right;
}

/// The next row of a window. `upper` is the plane's row above it, between its columns, and becomes
/// that below: each row of the plane is read once.
MOL_EDGE_PATCH_INLINE void next_row(const Window& window, int row, float mean, Lanes& upper,
                                    Lanes& pixels) {
    Lanes lower;
    between_columns(window.start + (row + 1) * window.stride, window.right, lower);
    const float down = window.lower;
    pixels.low = upper.low + (lower.low - upper.low) * down - mean;
    pixels.high = upper.high + (lower.high - upper.high) * down - mean;
    upper = lower;
}

MOL_EDGE_PATCH_INLINE PatchSums gather(const float* start, int stride, float mean,
                                       PatchTemplate& patch) {
    Lanes columns, weights;
    load(kTaper.data(), columns);
    Lanes t, x, y, tt, tx, ty, xx, xy, yy;
    for (int row = 0; row < kPatchSide; ++row) {
        const float* const from = start + row * stride;
        const std::size_t at = static_cast<std::size_t>(row) * kPatchLanes;
        Lanes level, dx, dy;
        load(from, level);
        level.low -= mean;
        level.high -= mean;
        difference(from - 1, from + 1, dx);
        difference(from - stride, from + stride, dy);
        store(level, &patch.level[at]);
        store(dx, &patch.along_x[at]);
        store(dy, &patch.along_y[at]);
        weights_of_row(columns, row, weights);
        Lanes wt = weights, wx = weights, wy = weights;
        multiply(level, wt);
        multiply(dx, wx);
        multiply(dy, wy);
        add_product(weights, level, t);
        add_product(weights, dx, x);
        add_product(weights, dy, y);
        add_product(wt, level, tt);
        add_product(wt, dx, tx);
        add_product(wt, dy, ty);
        add_product(wx, dx, xx);
        add_product(wx, dy, xy);
        add_product(wy, dy, yy);
    }
    return {total(t),  total(x),  total(y),  total(tt), total(tx),
            total(ty), total(xx), total(xy), total(yy)};
}

MOL_EDGE_PATCH_INLINE void project(PatchTemplate& patch, const Projection& projection) {
    const auto [level_mean, x_mean, x_slope, y_mean, y_slope] = projection;
    Lanes columns, weights;
    load(kTaper.data(), columns);
    for (int row = 0; row < kPatchSide; ++row) {
        const std::size_t at = static_cast<std::size_t>(row) * kPatchLanes;
        weights_of_row(columns, row, weights);
        Lanes level, dx, dy;
        load(&patch.level[at], level);
        load(&patch.along_x[at], dx);
        load(&patch.along_y[at], dy);
        level.low -= level_mean;
        level.high -= level_mean;
        dx.low -= level.low * x_slope + x_mean;
        dx.high -= level.high * x_slope + x_mean;
        dy.low -= level.low * y_slope + y_mean;
        dy.high -= level.high * y_slope + y_mean;
        multiply(weights, level);
        multiply(weights, dx);
        multiply(weights, dy);
        store(level, &patch.level[at]);
        store(dx, &patch.along_x[at]);
        store(dy, &patch.along_y[at]);
    }
}

/// Sums of a window's products with the parts of a template.
struct ProductSums {
    Lanes level, along_x, along_y;
};

MOL_EDGE_PATCH_INLINE void add_products(const PatchTemplate& patch, int row, const Lanes& pixels,
                                        ProductSums& sums) {
    const std::size_t at = static_cast<std::size_t>(row) * kPatchLanes;
    Lanes factors;
    load(&patch.level[at], factors);
    add_product(factors, pixels, sums.level);
    load(&patch.along_x[at], factors);
    add_product(factors, pixels, sums.along_x);
    load(&patch.along_y[at], factors);
    add_product(factors, pixels, sums.along_y);
}

MOL_EDGE_PATCH_INLINE PatchProducts totals(const ProductSums& sums) {
    return {total(sums.level), total(sums.along_x), total(sums.along_y)};
}

MOL_EDGE_PATCH_INLINE PatchProducts compare(const PatchTemplate& patch, const Window& window,
                                            float mean) {
    ProductSums sums;
    Lanes upper, pixels;
    between_columns(window.start, window.right, upper);
    for (int row = 0; row < kPatchSide; ++row) {
        next_row(window, row, mean, upper, pixels);
        add_products(patch, row, pixels, sums);
    }
    return totals(sums);
}

MOL_EDGE_PATCH_INLINE WindowSums measure(const PatchTemplate& patch, const Window& window,
                                         float mean) {
    ProductSums sums;
    Lanes columns, weights, sum, squares, upper, pixels;
    load(kTaper.data(), columns);
    between_columns(window.start, window.right, upper);
    for (int row = 0; row < kPatchSide; ++row) {
        next_row(window, row, mean, upper, pixels);
        add_products(patch, row, pixels, sums);
        weights_of_row(columns, row, weights);
        add_product(weights, pixels, sum);
        multiply(pixels, weights);
        add_product(weights, pixels, squares);
    }
    return {totals(sums), total(sum), total(squares)};
}

/// (1 2 1) / 4 along a row of `side` pixels.
MOL_EDGE_PATCH_INLINE void blur_row(const float* __restrict in, int side, float* __restrict out) {
    out[0] = 0.75F * in[0] + 0.25F * in[1];
    for (int i = 1; i < side - 1; ++i) {
        out[i] = 0.25F * (in[i - 1] + in[i + 1]) + 0.5F * in[i];
    }
    out[side - 1] = 0.75F * in[side - 1] + 0.25F * in[side - 2];
}

/// (1 2 1) / 4 across three rows.
MOL_EDGE_PATCH_INLINE void blur_column(const float* upper, const float* middle, const float* lower,
                                       int side, float* __restrict out) {
    for (int i = 0; i < side; ++i) out[i] = 0.25F * (upper[i] + lower[i]) + 0.5F * middle[i];
}

inline constexpr int kLargestSide = 128;

MOL_EDGE_PATCH_INLINE void blur(const float* __restrict in, int side, float* __restrict out) {
    alignas(64) float column[kLargestSide];
    for (int row = 0; row < side; ++row) {
        const float* const middle = in + row * side;
        const float* const upper = row > 0 ? middle - side : middle;
        const float* const lower = row < side - 1 ? middle + side : middle;
        blur_column(upper, middle, lower, side, column);
        blur_row(column, side, out + row * side);
    }
}

MOL_EDGE_PATCH_INLINE void halve(const float* __restrict in, int side, float* __restrict out) {
    alignas(64) float column[kLargestSide];
    alignas(64) float blurred[kLargestSide];
    const int half = side / 2;
    for (int row = 0; row < half; ++row) {
        const float* const middle = in + 2 * row * side;
        const float* const upper = row > 0 ? middle - side : middle;
        blur_column(upper, middle, middle + side, side, column);
        blur_row(column, side, blurred);
        for (int i = 0; i < half; ++i) out[row * half + i] = blurred[2 * i];
    }
}

}  // namespace mol_edge::generic
