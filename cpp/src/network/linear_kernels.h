#pragma once

#include "fixed_kernels.h"
#include "kernels.h"
#include "vectors.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mol_edge::network {
namespace {

template <class Vector>
MOL_EDGE_NETWORK_TARGET void add_rows(const float* weights, int columns, const int* indices,
                                      const float* values, int count, float* to) {
    constexpr int lanes = kLanes<Vector>;
    constexpr int together = 4;
    int i = 0;
    for (; i + together <= count; i += together) {
        const float* rows[together];
        Vector factors[together] = {};
#pragma GCC unroll 4
        for (int j = 0; j < together; ++j) {
            rows[j] = weights + static_cast<std::ptrdiff_t>(indices[i + j]) * columns;
            spread(values[i + j], factors[j]);
        }
        // The rows after these, which need not follow them in memory.
        const float* next[together];
#pragma GCC unroll 4
        for (int j = 0; j < together; ++j) {
            const int at = i + together + j < count ? i + together + j : i + j;
            next[j] = weights + static_cast<std::ptrdiff_t>(indices[at]) * columns;
        }
        for (int n = 0; n < columns; n += lanes) {
            if (n % (kPanel) == 0) {
#pragma GCC unroll 4
                for (int j = 0; j < together; ++j) __builtin_prefetch(next[j] + n);
            }
            Vector sum;
            load(to + n, sum);
#pragma GCC unroll 4
            for (int j = 0; j < together; ++j) {
                Vector weight;
                load(rows[j] + n, weight);
                sum += factors[j] * weight;
            }
            store(sum, to + n);
        }
    }
    for (; i < count; ++i) {
        const float* const row = weights + static_cast<std::ptrdiff_t>(indices[i]) * columns;
        for (int n = 0; n < columns; n += lanes) {
            Vector sum, weight;
            load(to + n, sum);
            load(row + n, weight);
            sum += weight * values[i];
            store(sum, to + n);
        }
    }
}

/// `Rows` of bytes; shifts alone bring a block's to vectors of words.
template <class Vector, int Rows>
MOL_EDGE_NETWORK_INLINE void add_few(const std::int8_t* const (&rows)[Rows],
                                     const std::int8_t* const (&next)[Rows], const float* values,
                                     int columns, float* to) {
    using Words = decltype(Vector{} < Vector{});
    constexpr int word = kByteBlock / 4;
    constexpr int bits = 8;
    Vector factors[Rows] = {};
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r) spread(values[r], factors[r]);
    for (int n = 0; n < columns; n += kByteBlock) {
#pragma GCC unroll 4
        for (int r = 0; r < Rows; ++r) __builtin_prefetch(next[r] + n);
        for (int j = 0; j < word; j += kLanes<Vector>) {
            Words words[Rows];
#pragma GCC unroll 4
            for (int r = 0; r < Rows; ++r) {
                std::memcpy(&words[r], rows[r] + n + 4 * j, sizeof words[r]);
            }
#pragma GCC unroll 4
            for (int byte = 0; byte < 4; ++byte) {
                float* const out = to + n + word * byte + j;
                Vector sum;
                load(out, sum);
#pragma GCC unroll 4
                for (int r = 0; r < Rows; ++r) {
                    const Words whole = (words[r] << (bits * (3 - byte))) >> (bits * 3);
                    sum += factors[r] * __builtin_convertvector(whole, Vector);
                }
                store(sum, out);
            }
        }
    }
}

/// `Rows` of words in fixed point.
template <class Vector, int Rows>
MOL_EDGE_NETWORK_INLINE void add_few(const float* const (&rows)[Rows],
                                     const float* const (&next)[Rows], const float* values,
                                     int columns, float* to) {
    Vector factors[Rows] = {};
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r) spread(values[r], factors[r]);
    std::ptrdiff_t at = 0;
    for (int first = 0; first < columns; first += kFixedBlock, at += kFixedWords * kPanel) {
#pragma GCC unroll 4
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 3
            for (int line = 0; line < kFixedWords; ++line) {
                __builtin_prefetch(next[r] + at + line * kPanel);
            }
        }
        for (int n = 0; n < kPanel; n += kLanes<Vector>) {
            Vector sums[kFixedGroup];
#pragma GCC unroll 4
            for (int i = 0; i < kFixedGroup; ++i) load(to + first + i * kPanel + n, sums[i]);
#pragma GCC unroll 4
            for (int r = 0; r < Rows; ++r) {
                Vector weights[kFixedGroup];
                widen_group(rows[r] + at + n, weights);
#pragma GCC unroll 4
                for (int i = 0; i < kFixedGroup; ++i) sums[i] += factors[r] * weights[i];
            }
#pragma GCC unroll 4
            for (int i = 0; i < kFixedGroup; ++i) store(sums[i], to + first + i * kPanel + n);
        }
    }
}

/// Rows of `size` elements at some indices, by fours, of the kinds above.
template <class Vector, class Element>
MOL_EDGE_NETWORK_INLINE void add_by_fours(const Element* all, std::ptrdiff_t size, int columns,
                                          const int* indices, const float* values, int count,
                                          float* to) {
    constexpr int together = 4;
    int i = 0;
    for (; i + together <= count; i += together) {
        const Element* rows[together];
        const Element* next[together];
        for (int j = 0; j < together; ++j) {
            rows[j] = all + indices[i + j] * size;
            // The rows after these, which need not follow them in memory.
            const int after = i + together + j;
            next[j] = all + indices[after < count ? after : count - 1] * size;
        }
        add_few<Vector, together>(rows, next, values + i, columns, to);
    }
    for (; i < count; ++i) {
        const Element* const rows[] = {all + indices[i] * size};
        add_few<Vector, 1>(rows, rows, values + i, columns, to);
    }
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void add_fixed_rows(const float* words, int columns, const int* indices,
                                            const float* values, int count, float* to) {
    const std::ptrdiff_t size = columns / kFixedGroup * kFixedWords;
    add_by_fours<Vector>(words, size, columns, indices, values, count, to);
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void add_byte_rows(const std::int8_t* weights, int columns,
                                           const int* indices, const float* values, int count,
                                           float* to) {
    add_by_fours<Vector>(weights, std::ptrdiff_t{columns}, columns, indices, values, count, to);
}

}  // namespace
}  // namespace mol_edge::network
