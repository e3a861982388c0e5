#include "byte_maps.h"

#include <algorithm>

namespace mol_edge::network {
namespace {

/// Values that one task brings to bytes.
constexpr int kTaskValues = 32'768;
/// The pixels themselves, and `ByteDifferences`.
constexpr int kPlanes = 4;

/// Does something for `lines` lines of each of some items, so many at once.
template <class Work>
void for_lines(Team& team, Items items, int lines, int at_once, const Work& work) {
    const int all = lines * items.count;
    team.run((all + at_once - 1) / at_once, [&](int task) {
        for (int line = task * at_once; line < std::min(all, (task + 1) * at_once); ++line) {
            work(static_cast<std::size_t>(items.first + line / lines), line % lines);
        }
    });
}

}  // namespace

ByteMaps::ByteMaps(const ByteKernels& kernels, const Filter& filter, const Views& in,
                   const Shape& shape)
    : kernels_(kernels),
      in_(in),
      before_(shape.before),
      whole_(in.front().side + shape.before + shape.after),
      step_(rounded_up(filter.inputs, shape.unit)),
      apart_(shape.apart),
      zero_(filter.zero),
      factors_(static_cast<std::size_t>(step_)) {
    // Channels beyond the filter's are another's, or none, and become the zero.
    for (int i = 0; i < filter.inputs; ++i) {
        factors_[static_cast<std::size_t>(i)] = 1 / filter.steps[i];
    }
    const auto size = static_cast<std::size_t>(apart_ > 0 ? kPlanes * plane() : whole_ * row());
    const auto rim = static_cast<std::uint8_t>(static_cast<int>(zero_) - kernels.offset);
    maps_.assign(in.size(), std::vector<std::uint8_t>(size, rim));
}

void ByteMaps::quantize(std::size_t item, int y) {
    const View& view = in_[item];
    kernels_.quantize({view.at(y, 0), view.pixel_step, view.side, step_, factors_.data(), zero_,
                       maps_[item].data() + place_of(y, 0)});
}

void ByteMaps::differ(std::size_t item, int y) {
    std::uint8_t* const line = maps_[item].data() + y * row();
    kernels_.differ({line, apart_ * step_, apart_ * row(), static_cast<int>(row()), line + plane(),
                     line + 2 * plane(), line + 3 * plane()});
}

void ByteMaps::fill(Team& team, Items items) {
    const int side = in_.front().side;
    const int at_once = std::max(1, kTaskValues / (side * step_));
    for_lines(team, items, side, at_once, [&](std::size_t item, int y) { quantize(item, y); });
    if (apart_ == 0) return;
    for_lines(team, items, whole_, at_once, [&](std::size_t item, int y) { differ(item, y); });
}

}  // namespace mol_edge::network
