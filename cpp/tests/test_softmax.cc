#include "mol_edge/error.h"
#include "mol_edge/softmax.h"

#include "catch.h"

#include <cmath>
#include <vector>

namespace mol_edge {
namespace {

TEST_CASE("rows become probabilities") {
    std::vector<float> values{0, 0, 1000, 1000 + 1.0986123F, -90000, 0};
    softmax(values, 2, values);
    CHECK(values[0] == 0.5F);
    CHECK(values[1] == 0.5F);
    CHECK(std::abs(values[2] - 0.25F) < 1e-4F);
    CHECK(std::abs(values[3] - 0.75F) < 1e-4F);
    CHECK(values[4] == 0);
    CHECK(values[5] == 1);
}

TEST_CASE("rows that are not whole are refused") {
    std::vector<float> values(5);
    CHECK_THROWS_AS(softmax(values, 2, values), ArrayError);
    CHECK_THROWS_AS(softmax(values, 0, values), ArrayError);
    CHECK_THROWS_AS(softmax(values, 5, std::span(values).first(4)), ArrayError);
}

}  // namespace
}  // namespace mol_edge
