#pragma once

#include "mol_edge/team.h"

#include "byte_kernels.h"
#include "map.h"
#include "weights.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mol_edge::network {

/// What a filter in bytes reads: maps of floats brought to bytes, with a rim of zeros. Those of one
/// item may be made in strips, of which each has the rows around its own too: a thread fills and
/// reads one after the other in the same memory, which stays in its caches.
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
        /// Equal parts of a map's rows; more than one where there is one item.
        int strips;
    };

    ByteMaps(const ByteKernels& kernels, const Filter& filter, const Views& in, const Shape& shape);

    /// Where pixel (y, x) of an item lies behind `bytes`, or of a strip behind that of a thread.
    [[nodiscard]] std::ptrdiff_t at(std::size_t item, int strip, int y, int x) const {
        return static_cast<std::ptrdiff_t>(item) * size_ + place_of(y - strip * rows_, x);
    }
    [[nodiscard]] const std::uint8_t* bytes() const { return bytes_.data(); }
    [[nodiscard]] const std::uint8_t* bytes_of(int thread) const {
        return bytes_.data() + thread * size_;
    }
    [[nodiscard]] int strips() const { return strips_; }
    /// How far apart pixels lie, and rows of them.
    [[nodiscard]] int step() const { return step_; }
    [[nodiscard]] std::ptrdiff_t row() const { return static_cast<std::ptrdiff_t>(whole_) * step_; }
    /// How far behind the map its differences of each kind lie, see `ByteDifferences`.
    [[nodiscard]] std::ptrdiff_t plane() const {
        return row() * (lines_ + apart_) + apart_ * step_;
    }

    /// Brings some items of a batch to bytes, and to differences where there are any.
    void fill(Team& team, Items items);
    /// Makes room for the strips of so many threads.
    void make_room(int threads);
    /// Brings a strip's lines from `first` to before `end`, which count from its rim's first, to
    /// bytes of a thread; differences wait for the lines that they are from.
    void fill_strip(int thread, int strip, int first, int end);

  private:
    /// Where pixel (y, x) lies in a map.
    [[nodiscard]] std::ptrdiff_t place_of(int y, int x) const {
        return (y + before_) * row() + static_cast<std::ptrdiff_t>(x + before_) * step_;
    }
    /// Of the line `line` of a map at `bytes`, which counts from the rim's first, and is row `y` of
    /// an item.
    void quantize(std::uint8_t* bytes, int line, const View& item, int y) const;
    void differ(std::uint8_t* bytes, int line) const;

    ByteKernels kernels_;
    Views in_;
    int before_;
    int strips_;
    /// Of a strip.
    int rows_;
    /// Those and the rim's, and pixels of a line.
    int lines_;
    int whole_;
    int step_;
    int apart_;
    float zero_;
    std::uint8_t rim_;
    std::vector<float> factors_;
    /// Of one map.
    std::ptrdiff_t size_;
    std::vector<std::uint8_t> bytes_;
};

}  // namespace mol_edge::network
