#pragma once

#include "f5c_kernels.h"
#include "fixed_kernels.h"
#include "kernels.h"
#include "linear_kernels.h"
#include "prediction_kernels.h"
#include "product_kernels.h"
#include "tile_kernels.h"
#include "vectors.h"

#include <cstddef>
#include <cstring>

namespace mol_edge::network {
namespace {

MOL_EDGE_NETWORK_TARGET void transpose(const float* from, std::ptrdiff_t from_step, int rows,
                                       int columns, float* to, std::ptrdiff_t to_step) {
    constexpr int block = 8;
    for (int r = 0; r < rows; r += block) {
        for (int c = 0; c < columns; c += block) {
#pragma GCC unroll 8
            for (int j = 0; j < block; ++j) {
                float line[block];
#pragma GCC unroll 8
                for (int i = 0; i < block; ++i) line[i] = from[(r + i) * from_step + c + j];
                std::memcpy(to + (c + j) * to_step + r, line, sizeof line);
            }
        }
    }
}

template <class Vector>
constexpr Kernels kernels_of() {
    return {kRowsOf<Vector, kPanelsAtOnce<Vector>>,
            kPanelsAtOnce<Vector>,
            kPanelsOfEdges<Vector>,
            product<Vector>,
            tile_in<Vector>,
            tile_out<2, Vector>,
            tile_out<3, Vector>,
            nearest<Vector>,
            edges<Vector>,
            mix<Vector>,
            predict<Vector>,
            add_rows<OfEights<Vector>>,
            add_fixed_rows<Vector>,
            add_byte_rows<OfEights<Vector>>,
            transpose};
}

}  // namespace
}  // namespace mol_edge::network
