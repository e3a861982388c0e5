#include "catch.h"
#include "reference_crop.h"
#include "sampling_grid.h"

#include <cmath>
#include <random>

namespace mol_edge {
namespace {

const ImageView kImage{nullptr, 4000, 3000, 4000, PixelFormat::kGray};

TEST_CASE("samples lie where the transform puts them") {
    for (const double scale : {0.05, 0.5, 1.0, 30.0}) {
        const Transform transform = testing::around({3900, 2950}, scale, 0.37);
        const SamplingGrid grid(kImage, transform);
        const Transform to_image = invert(transform);
        double largest = 0;
        bool shares_fit = true;
        for (int row = 0; row < kCropSize; ++row) {
            const RowStart start = grid.row_start(row);
            for (int column = 0; column < kCropSize; ++column) {
                const Sample s = grid.sample(start, column);
                const Point at =
                    apply(to_image, {double(column + kCropOffset), double(row + kCropOffset)});
                largest = std::max({largest, std::abs(s.x + double{s.right} - at.x),
                                    std::abs(s.y + double{s.lower} - at.y)});
                shares_fit &= s.right >= 0 && s.right < 1 && s.lower >= 0 && s.lower < 1;
            }
        }
        CHECK(largest < 3e-7);
        CHECK(shares_fit);
    }
}

TEST_CASE("all columns of a range lie within, and none outside it") {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> place(-500, 4500);
    std::uniform_real_distribution<double> angle(-4, 4);
    int partly = 0;
    int wrong = 0;
    for (int round = 0; round < 200; ++round) {
        const Transform transform = testing::around({place(random), place(random)},
                                                    round % 2 == 0 ? 1 : 0.1, angle(random));
        const SamplingGrid grid(kImage, transform);
        for (int row = 0; row < kCropSize; row += 9) {
            const RowStart start = grid.row_start(row);
            const ColumnRange range = grid.columns_within(start, {{0, 3998}, {0, 2998}});
            partly += range.first < range.last && range.last - range.first < kCropSize;
            for (int column = 0; column < kCropSize; ++column) {
                const Sample s = grid.sample(start, column);
                const bool within = s.x >= 0 && s.x <= 3998 && s.y >= 0 && s.y <= 2998;
                wrong += within != (column >= range.first && column < range.last);
            }
        }
    }
    CHECK(wrong == 0);
    CHECK(partly > 100);
}

}  // namespace
}  // namespace mol_edge
