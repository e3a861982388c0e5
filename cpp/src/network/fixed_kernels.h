#pragma once

#include "kernels.h"
#include "piece_kernels.h"
#include "product_kernels.h"
#include "vectors.h"

#include <cstddef>
#include <cstring>

namespace mol_edge::network {
namespace {

/// So few inputs that their weights as floats stay in the nearest cache beside the pixels.
template <int Panels>
inline constexpr int kFixedPiece = Panels > 2 ? 80 : 128;

/// The four vectors of weights that begin at `words`, which `put_fixed` put there.
template <class Vector>
MOL_EDGE_NETWORK_INLINE void widen_group(const float* words, Vector (&weights)[kFixedGroup]) {
    using Words = decltype(Vector{} < Vector{});
    constexpr int low = 0xFF;
    Words a, b, c;
    std::memcpy(&a, words, sizeof a);
    std::memcpy(&b, words + kPanel, sizeof b);
    std::memcpy(&c, words + 2 * kPanel, sizeof c);
    const Words d = a << 24 | (b & low) << 16 | (c & low) << 8;
    weights[0] = __builtin_convertvector(a & ~low, Vector);
    weights[1] = __builtin_convertvector(b & ~low, Vector);
    weights[2] = __builtin_convertvector(c & ~low, Vector);
    weights[3] = __builtin_convertvector(d, Vector);
}

/// Weights in fixed point of some inputs to floats, `kFixedPiece` inputs by panel. Meanwhile a
/// third of what follows is fetched: a line for each group of inputs and panel.
template <class Vector, int Panels>
MOL_EDGE_NETWORK_INLINE void widen(const float* words, std::ptrdiff_t panel_step, int inputs,
                                   const char* next, float* to) {
    constexpr int lanes = kLanes<Vector>;
    for (int k = 0; k < inputs; k += kFixedGroup) {
        fetch<Vector, Panels>(next, panel_step * kFloat);
        next += kLine;
#pragma GCC unroll 4
        for (int panel = 0; panel < Panels; ++panel) {
            float* const out = to + (panel * kFixedPiece<Panels> + k) * kPanel;
#pragma GCC unroll 4
            for (int n = 0; n < kPanel; n += lanes) {
                Vector weights[kFixedGroup];
                widen_group(words + panel * panel_step + n, weights);
#pragma GCC unroll 4
                for (int i = 0; i < kFixedGroup; ++i) store(weights[i], out + i * kPanel + n);
            }
        }
        words += kFixedWords * kPanel;
    }
}

/// Of wide panels in fixed point, which become floats piece by piece.
template <class Vector, int Panels>
MOL_EDGE_NETWORK_TARGET void fixed_product(const Product& p) {
    alignas(64) float partial[kMostRows * Panels * kPanel];
    alignas(64) float wide[Panels * kFixedPiece<Panels> * kPanel];
    const int parts = (p.run + kFixedPiece<Panels> - 1) / kFixedPiece<Panels>;
    const int part = ((p.run + parts - 1) / parts + kFixedGroup - 1) / kFixedGroup * kFixedGroup;
    const float* words = p.panel;
    for (int tap = 0; tap < p.tap_count; ++tap) {
        for (int first = 0; first < p.run; first += part) {
            const int run = first + part < p.run ? part : p.run - first;
            const std::ptrdiff_t groups = (run + kFixedGroup - 1) / kFixedGroup;
            const float* const after = words + groups * kFixedWords * kPanel;
            const bool ends = tap + 1 == p.tap_count && first + run == p.run;
            const char* const next = bytes_of(ends && p.next != nullptr ? p.next : after);
            widen<Vector, Panels>(words, p.panel_step, run, next, wide);
            const Piece piece{.taps = p.taps + tap,
                              .tap_count = 1,
                              .first = first,
                              .run = run,
                              .panel = wide,
                              .vector_step = Panels > 1
                                                 ? kFixedPiece<Panels> * kPanel
                                                 : static_cast<std::ptrdiff_t>(kLanes<Vector>),
                              .next = next + groups * kLine,
                              .next_step = p.panel_step * kFloat,
                              .fetched = (kFixedWords - 1) * kLine / kFixedGroup,
                              .begins = words == p.panel,
                              .ends = ends};
            wide_piece<Vector, Panels>(p, piece, partial);
            words = after;
        }
    }
}

/// Of at most so many panels.
template <class Vector, int Panels>
MOL_EDGE_NETWORK_INLINE void product_of_panels(const Product& p) {
    if constexpr (Panels > 1) {
        if (p.columns <= (Panels - 1) * kPanel) {
            product_of_panels<Vector, Panels - 1>(p);
            return;
        }
    }
    if (p.steps != nullptr) {
        fixed_product<Vector, Panels>(p);
    } else {
        float_product<Vector, Panels>(p);
    }
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void product(const Product& p) {
    product_of_panels<Vector, kPanelsAtOnce<Vector>>(p);
}

}  // namespace
}  // namespace mol_edge::network
