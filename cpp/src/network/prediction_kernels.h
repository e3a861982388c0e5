#pragma once

#include "kernels.h"
#include "vectors.h"

#include <cstddef>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mol_edge::network {
namespace {

/// Whether a register holds a unit of channels twice, once for each component of flow.
template <class Vector>
inline constexpr bool kBothComponents = kLanes<Vector> == kFlow * kPredictUnit;

/// Pixels that are predicted at once: as many sums as registers hold beside what they are made of.
template <class Vector>
inline constexpr int kPredictedAtOnce = kBothComponents<Vector> ? 12 : 6;

/// Of the first `Lanes` values.
template <int Lanes>
MOL_EDGE_NETWORK_INLINE float sum_of(float* values) {
#pragma GCC unroll 4
    for (int width = Lanes / 2; width > 0; width /= 2) {
#pragma GCC unroll 4
        for (int i = 0; i < width; ++i) values[i] += values[i + width];
    }
    return values[0];
}

/// Floats of a cache line.
inline constexpr int kPredictLine = 16;

/// Channels, twice where there is room for both components.
template <class Vector>
MOL_EDGE_NETWORK_INLINE void load_channels(const float* from, Vector& to) {
#if defined(__x86_64__)
    if constexpr (kBothComponents<Vector>) {
        // With a mask, else GCC warns of what is written anyway.
        to = _mm512_maskz_broadcast_f32x8(0xFFFF, _mm256_loadu_ps(from));
        return;
    }
#endif
    load(from, to);
}

template <class Vector, int Pixels>
MOL_EDGE_NETWORK_INLINE void predict_pixels(const Predict& p, int first) {
    constexpr int vectors = kBothComponents<Vector> ? 1 : kFlow;
    Vector sums[Pixels][vectors] = {};
    const float* weights = p.weights;
    // Of the row below, what the pixels after these need, well ahead; the other rows were read
    // before.
    const float* ahead =
        p.rows[kPredictTaps - 1] + (first + Pixels + kPredictTaps - 1) * p.pixel_step;
    for (const float* const row : p.rows) {
        const float* from = row + first * p.pixel_step;
        for (int c = 0; c < p.channels; c += kPredictUnit, from += kPredictUnit) {
            for (int tap = 0; tap < kPredictTaps; ++tap, weights += kFlow * kPredictUnit) {
                __builtin_prefetch(ahead);
                ahead += kPredictLine;
#pragma GCC unroll 2
                for (int part = 0; part < kPredictUnit; part += kLanes<Vector>) {
                    Vector weight[vectors];
#pragma GCC unroll 2
                    for (int v = 0; v < vectors; ++v) {
                        load(weights + v * kPredictUnit + part, weight[v]);
                    }
#pragma GCC unroll 12
                    for (int x = 0; x < Pixels; ++x) {
                        Vector value;
                        load_channels(from + (tap + x) * p.pixel_step + part, value);
#pragma GCC unroll 2
                        for (int v = 0; v < vectors; ++v) sums[x][v] += value * weight[v];
                    }
                }
            }
        }
    }
    float* to = p.to + first * p.to_step;
#pragma GCC unroll 12
    for (int x = 0; x < Pixels; ++x, to += p.to_step) {
        constexpr int lanes = vectors * kLanes<Vector> / kFlow;
        float values[kFlow * lanes];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) store(sums[x][v], values + v * kLanes<Vector>);
#pragma GCC unroll 2
        for (int o = 0; o < kFlow; ++o) to[o * p.part_step] = sum_of<lanes>(values + o * lanes);
    }
}

/// `pixels`: from 1 to `Most`.
template <class Vector, int Most>
MOL_EDGE_NETWORK_INLINE void predict_block(int pixels, const Predict& p, int first) {
    if constexpr (Most > 1) {
        if (pixels < Most) {
            predict_block<Vector, Most - 1>(pixels, p, first);
            return;
        }
    }
    predict_pixels<Vector, Most>(p, first);
}

/// Pixels in blocks of nearly the same size, since a block of one pixel waits for its own sums.
template <class Vector>
MOL_EDGE_NETWORK_TARGET void predict(const Predict& p) {
    const int blocks = (p.pixels + kPredictedAtOnce<Vector> - 1) / kPredictedAtOnce<Vector>;
    int first = 0;
    for (int block = 0; block < blocks; ++block) {
        const int pixels = (p.pixels - first + blocks - block - 1) / (blocks - block);
        predict_block<Vector, kPredictedAtOnce<Vector>>(pixels, p, first);
        first += pixels;
    }
}

}  // namespace
}  // namespace mol_edge::network
