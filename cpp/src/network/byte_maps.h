#pragma once

#include "mol_edge/team.h"

#include "byte_kernels.h"
#include "map.h"
#include "weights.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mol_edge::network {

/// What a filter in bytes reads: maps of floats brought to bytes, with a rim of zeros.
class ByteMaps {
  public:
    struct Shape {
        /// Pixels of rim above and to the left, below and to the right.
        int before;
        int after;
        /// A pixel's bytes come in multiples of this.
        int unit;
        /// How many pixels apart those lie whose differences are wanted; 0: none are.
        int apart;
    };

    ByteMaps(const ByteKernels& kernels, const Filter& filter, const Views& in, const Shape& shape);

    /// The byte of pixel (y, x) of an item.
    [[nodiscard]] const std::uint8_t* at(std::size_t item, int y, int x) const {
        return maps_[item].data() + place_of(y, x);
    }
    /// How far apart pixels lie, and rows of them.
    [[nodiscard]] int step() const { return step_; }
    [[nodiscard]] std::ptrdiff_t row() const { return static_cast<std::ptrdiff_t>(whole_) * step_; }
    /// How far behind the map its differences of each kind lie, see `ByteDifferences`.
    [[nodiscard]] std::ptrdiff_t plane() const {
        return row() * (whole_ + apart_) + apart_ * step_;
    }

    /// Brings some items of a batch to bytes, and to differences where there are any.
    void fill(Team& team, Items items);

  private:
    /// Where pixel (y, x) lies in a map.
    [[nodiscard]] std::ptrdiff_t place_of(int y, int x) const {
        return (y + before_) * row() + static_cast<std::ptrdiff_t>(x + before_) * step_;
    }
    void quantize(std::size_t item, int y);
    /// Of row `y`, which counts from the rim's first.
    void differ(std::size_t item, int y);

    ByteKernels kernels_;
    Views in_;
    int before_;
    int whole_;
    int step_;
    int apart_;
    float zero_;
    std::vector<float> factors_;
    std::vector<std::vector<std::uint8_t>> maps_;
};

}  // namespace mol_edge::network
