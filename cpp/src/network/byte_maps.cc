#include "byte_maps.h"

#include <algorithm>

namespace mol_edge::network {
namespace {

/// Values that one task brings to bytes.
constexpr int kTaskValues = 8192;
/// The pixels themselves, and `ByteDifferences`.
constexpr int kPlanes = 4;

/// Does something for `lines` lines of each of some items, so many at once.
template <class Work>
void for_lines(Team& team, Items items, int lines, int at_once, const Work& work) {
    const int all = lines * items.count;
    team.run((all + at_once - 1) / at_once, [&](int task) {
        for (int line = task * at_once; line < std::min(all, (task + 1) * at_once); ++line) {
            work(items.first + line / lines, line % lines);
        }
    });
}

}  // namespace

ByteMaps::ByteMaps(const ByteKernels& kernels, const Filter& filter, const Views& in,
                   const Shape& shape)
    : kernels_(kernels),
      in_(in),
      before_(shape.before),
      strips_(shape.strips),
      rows_(in.front().side / shape.strips),
      lines_(rows_ + shape.before + shape.after),
      whole_(in.front().side + shape.before + shape.after),
      step_(rounded_up(filter.inputs, shape.unit)),
      apart_(shape.apart),
      zero_(filter.zero),
      rim_(static_cast<std::uint8_t>(static_cast<int>(zero_) - kernels.offset)),
      factors_(static_cast<std::size_t>(step_)) {
    // Channels beyond the filter's are another's, or none, and become the zero.
    for (int i = 0; i < filter.inputs; ++i) {
        factors_[static_cast<std::size_t>(i)] = 1 / filter.steps[i];
    }
    size_ = apart_ > 0 ? kPlanes * plane() : lines_ * row();
    make_room(static_cast<int>(in.size()));
}

void ByteMaps::make_room(int threads) {
    const auto wanted = static_cast<std::size_t>(threads * size_);
    if (bytes_.size() < wanted) bytes_.resize(wanted, rim_);
}

void ByteMaps::quantize(std::uint8_t* bytes, int line, const View& item, int y) const {
    kernels_.quantize({item.at(y, 0), item.pixel_step, item.side, step_, factors_.data(), zero_,
                       bytes + place_of(line - before_, 0)});
}

void ByteMaps::differ(std::uint8_t* bytes, int line) const {
    std::uint8_t* const from = bytes + line * row();
    kernels_.differ({from, apart_ * step_, apart_ * row(), static_cast<int>(row()), from + plane(),
                     from + 2 * plane(), from + 3 * plane()});
}

void ByteMaps::fill(Team& team, Items items) {
    const int side = in_.front().side;
    const int at_once = std::max(1, kTaskValues / (side * step_));
    for_lines(team, items, side, at_once, [&](std::ptrdiff_t item, int y) {
        quantize(bytes_.data() + item * size_, y + before_, in_[static_cast<std::size_t>(item)], y);
    });
    if (apart_ == 0) return;
    for_lines(team, items, lines_, at_once,
              [&](std::ptrdiff_t item, int line) { differ(bytes_.data() + item * size_, line); });
}

void ByteMaps::fill_strip(int thread, int strip, int first, int end) {
    const View& item = in_.front();
    std::uint8_t* const bytes = bytes_.data() + thread * size_;
    for (int line = first; line < end; ++line) {
        const int y = strip * rows_ + line - before_;
        if (y >= 0 && y < item.side) {
            quantize(bytes, line, item, y);
        } else {
            // Another strip has left something there.
            std::fill_n(bytes + line * row(), row(), rim_);
        }
    }
    for (int line = std::max(0, first - apart_); line < end - apart_; ++line) differ(bytes, line);
}

}  // namespace mol_edge::network
