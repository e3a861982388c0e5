#include "byte_part.h"

namespace mol_edge::network {

void BytePart::add_convolution(const ByteMaps& maps, int stride, int pad, int every,
                               const Views& out) {
    const int rows = out.front().side / maps.strips();
    for (std::size_t item = 0; item < out.size(); ++item) {
        for (int y = 0; y < out[item].side; y += every) {
            for (int x = 0; x < out[item].side; x += every) {
                pixels.push_back(maps.at(item, y / rows, y * stride - pad, x * stride - pad));
                outs.push_back(out[item].at(y, x));
            }
        }
    }
}

void BytePart::add_phase(const ByteMaps& maps, int phase, int every, const Views& in,
                         const Views& out) {
    const int a = phase / 2;
    const int b = phase % 2;
    const int rows = in.front().side / maps.strips();
    for (std::size_t item = 0; item < in.size(); ++item) {
        for (int i = 1 - a; i <= in[item].side - a; i += every) {
            const int strip = (i - 1 + a) / rows;
            for (int j = 1 - b; j <= in[item].side - b; j += every) {
                pixels.push_back(maps.at(item, strip, i - 1, j - 1));
                outs.push_back(out[item].at(2 * i - 1 + a, 2 * j - 1 + b));
            }
        }
    }
}

}  // namespace mol_edge::network
