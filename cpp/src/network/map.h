#pragma once

#include "buffer.h"

#include <cstddef>
#include <vector>

namespace mol_edge::network {

inline int rounded_up(int value, int unit) {
    return (value + unit - 1) / unit * unit;
}

/// Where the pixels of a square map lie; the channels of each are side by side.
struct View {
    float* origin = nullptr;
    std::ptrdiff_t row_step = 0;
    std::ptrdiff_t pixel_step = 0;
    int side = 0;
    /// Pixels of zeros below and to the right.
    int after = 0;

    [[nodiscard]] float* at(int y, int x) const { return origin + y * row_step + x * pixel_step; }
    /// From a channel on.
    [[nodiscard]] View from(int channel) const {
        return {origin + channel, row_step, pixel_step, side, after};
    }
};

/// The same map of the items of a batch, all of one geometry; of one item where there is no batch.
class Views : public std::vector<View> {
  public:
    using std::vector<View>::vector;
    Views(const View& one) : std::vector<View>{one} {}
};

/// Items of a batch that are computed together.
struct Items {
    int first = 0;
    int count = 1;
};

/// A square map with a rim of zeros, which whoever writes the map leaves alone.
class Map {
  public:
    Map() = default;
    /// `before` and `after`: pixels of rim above and to the left, below and to the right.
    Map(int side, int channels, int before, int after)
        : side_(side), before_(before), after_(after), step_(rounded_up(channels, kUnit)) {
        if (channels == 1) step_ = 1;
        whole_ = side + before + after;
        memory_ = Buffer(static_cast<std::size_t>(whole_) * static_cast<std::size_t>(whole_) *
                         static_cast<std::size_t>(step_));
    }

    [[nodiscard]] View view() const {
        const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(whole_) * step_;
        return {memory_.data() + before_ * (row + step_), row, step_, side_, after_};
    }

  private:
    /// Channels are filled up to whole vectors.
    static constexpr int kUnit = 8;

    Buffer memory_;
    int side_ = 0;
    int before_ = 0;
    int after_ = 0;
    int whole_ = 0;
    int step_ = 0;
};

}  // namespace mol_edge::network
