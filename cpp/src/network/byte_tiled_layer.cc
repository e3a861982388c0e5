#include "byte_tiled_layer.h"

#include "byte_column.h"

namespace mol_edge::network {
namespace {

/// Strips of a layer whose weights stay in a core's own cache beside them: enough for the threads
/// of most devices, with two rows of tiles each or more.
constexpr int kStrips = 8;
constexpr int kFewestRows = 2 * kStrips;
constexpr std::ptrdiff_t kMostWeights = 384 * 1024;

/// How far apart pixels lie that the taps of one phase meet, and the tiles of a convolution move on
/// for each output: four taps go with a stride of 2.
int apart_of(int taps) {
    return taps == 4 ? 2 : 1;
}

/// Along a row or a column: the pixel at some place of a tile, or its difference from the next one,
/// times some taps.
struct Line {
    int at;
    bool difference;
    float factors[kMostTileTaps];
};

/// A point of a line: what the first of two outputs has for itself, what both have, or what the
/// second has. Four taps are two of every other pixel and two of those between.
std::vector<Line> lines_of(int point, int taps) {
    const int apart = apart_of(taps);
    std::vector<Line> lines;
    for (int first = 0; first < apart; ++first) {
        const int second = first + apart;
        Line& line = lines.emplace_back(Line{point == 0 ? first : second, point != 1, {}});
        if (point <= 1) line.factors[first] = 1;
        if (point >= 1) line.factors[second] = point == 1 ? 1.0F : -1.0F;
    }
    if (taps == 3 && point != 1) lines.push_back({point == 0 ? 2 : 3, false, {0, 0, 1}});
    return lines;
}

/// `rows`: of tiles.
int strips_of(const Filter& filter, const Views& in, int rows) {
    if (in.size() > 1 || filter.width == 3 || rows < kFewestRows || rows % kStrips != 0) return 1;
    const int lines = 3 * apart_of(filter.width);
    const std::ptrdiff_t weights =
        static_cast<std::ptrdiff_t>(lines) * lines * filter.inputs * filter.outputs;
    return weights > kMostWeights ? 1 : kStrips;
}

}  // namespace

ByteTiledLayer::ByteTiledLayer(const ByteKernels& kernels, const Filter& filter, float slope,
                               const Views& in, int rows)
    : kernels_(kernels),
      maps_(kernels, filter, in,
            {1, 1, kByteUnit, apart_of(filter.width), strips_of(filter, in, rows)}),
      rows_(rows),
      lines_of_row_(in.front().side / rows),
      slope_(slope),
      zero_(filter.zero) {
    for (int point = 0; point < kPoints; ++point) {
        for (const Line& y : lines_of(point / 3, filter.height)) {
            for (const Line& x : lines_of(point % 3, filter.width)) {
                const int plane = (y.difference ? 2 : 0) + (x.difference ? 1 : 0);
                Term& term = terms_[point].emplace_back();
                term.difference = plane != 0;
                for (int i = 0; i < kMostTileTaps; ++i) {
                    for (int j = 0; j < kMostTileTaps; ++j) {
                        term.factors[i][j] = y.factors[i] * x.factors[j];
                    }
                }
                places_[point].push_back(plane * maps_.plane() + y.at * maps_.row() +
                                         x.at * maps_.step());
            }
        }
        before_[point + 1] = before_[point] + static_cast<std::ptrdiff_t>(terms_[point].size());
    }
}

ByteTiledLayer ByteTiledLayer::convolution(const ByteKernels& kernels, const Filter& filter,
                                           float slope, const Views& in, const Views& out) {
    ByteTiledLayer layer(kernels, filter, slope, in, out.front().side / 2);
    layer.out_row_ = out.front().row_step;
    layer.out_pixel_ = out.front().pixel_step;
    const int stride = apart_of(filter.width);
    BytePart& part = layer.parts_.emplace_back();
    part.add_convolution(layer.maps_, stride, 1, 2, out);
    layer.pack(part, filter, 0, filter.outputs);
    return layer;
}

ByteTiledLayer ByteTiledLayer::rising(const ByteKernels& kernels, const Filter& filter, float slope,
                                      const Views& in, const Views& out) {
    ByteTiledLayer layer(kernels, filter, slope, in, in.front().side / 2);
    layer.out_row_ = 2 * out.front().row_step;
    layer.out_pixel_ = 2 * out.front().pixel_step;
    for (int phase = 0; phase < 4; ++phase) {
        BytePart& part = layer.parts_.emplace_back();
        part.add_phase(layer.maps_, phase, 2, in, out);
        const int outputs = filter.outputs / 4;
        layer.pack(part, filter, phase * outputs, outputs);
    }
    return layer;
}

void ByteTiledLayer::pack(BytePart& part, const Filter& filter, int first_output, int outputs) {
    part.outputs = outputs;
    part.panel = kernels_.panel;
    const auto columns = static_cast<std::size_t>(part.panels() * part.panel);
    part.start.assign(columns * kPoints, 0);
    part.scale.assign(columns * kPoints, 0);
    part.bias.assign(columns, 0);
    part.packed = Buffer(static_cast<std::size_t>(part.panels() * panel_size()) / sizeof(float));
    for (int o = 0; o < outputs; ++o) {
        if (filter.bias != nullptr) {
            part.bias[static_cast<std::size_t>(o)] = filter.bias[first_output + o];
        }
        for (int point = 0; point < kPoints; ++point) {
            pack_column(part, filter, first_output + o, o, point);
        }
    }
}

void ByteTiledLayer::pack_column(BytePart& part, const Filter& filter, int output, int column,
                                 int point) {
    const std::vector<Term>& terms = terms_[point];
    const int step = maps_.step();
    std::vector<float> line(terms.size() * static_cast<std::size_t>(step));
    for (std::size_t t = 0; t < terms.size(); ++t) {
        for (int i = 0; i < filter.inputs; ++i) {
            float sum = 0;
            for (int y = 0; y < filter.height; ++y) {
                for (int x = 0; x < filter.width; ++x) {
                    sum += terms[t].factors[y][x] * filter.at(output, i, y, x);
                }
            }
            // Steps of pixels go into the weights, since channels may have steps of their own.
            line[t * static_cast<std::size_t>(step) + static_cast<std::size_t>(i)] =
                sum * filter.steps[i];
        }
    }
    const int panel = column / part.panel;
    const int place = column % part.panel;
    const std::size_t four = 4 * static_cast<std::size_t>(part.panel);
    auto* const to =
        reinterpret_cast<std::int8_t*>(part.packed.data()) + place_of(panel, point) + place * 4;
    const ByteColumn made = byte_column(line, part.panel, to);
    // What a value of 0 is in each term's bytes, which the sums are to be without.
    std::int32_t start = 0;
    for (std::size_t k = 0; k < line.size(); ++k) {
        const Term& term = terms[k / static_cast<std::size_t>(step)];
        const int none = term.difference ? kNoDifference : static_cast<int>(zero_);
        start += (kernels_.offset - none) * to[k / 4 * four + k % 4];
    }
    const auto at = static_cast<std::size_t>((panel * kPoints + point) * part.panel + place);
    part.scale[at] = made.scale;
    part.start[at] = start;
}

std::ptrdiff_t ByteTiledLayer::panel_size() const {
    return before_[kPoints] * maps_.step() * kernels_.panel;
}

std::ptrdiff_t ByteTiledLayer::place_of(int panel, int point) const {
    return panel * panel_size() + before_[point] * maps_.step() * kernels_.panel;
}

const std::int8_t* ByteTiledLayer::weights_of(const BytePart& part, int panel, int point) const {
    return reinterpret_cast<const std::int8_t*>(part.packed.data()) + place_of(panel, point);
}

}  // namespace mol_edge::network
