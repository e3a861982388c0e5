#include "mol_edge/error.h"
#include "mol_edge/motion.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <string>

namespace mol_edge {
namespace {

/// Parameters of a similarity about `middle`: x' - x = tx + turn (a, b) of the point.
constexpr std::size_t kParameters = 4;
using Vector4 = std::array<double, kParameters>;
using Matrix4 = std::array<Vector4, kParameters>;

/// What no noise explains: points of a head at rest move by this much on their own, in pixels.
constexpr double kRestlessness = 0.04;
/// Residuals beyond this many deviations have little say.
constexpr double kTolerance = 2.0;
/// Turning and growing by more than this needs evidence; it decides where points are few.
constexpr double kTurn = 0.05;
constexpr int kRounds = 8;

/// One seen component of one patch: the motion `value` along (x, y), of deviation `sigma`.
struct Observation {
    double x, y, value, sigma;
};

Vector4 row_of(Point offset, const Observation& seen) {
    return {seen.x, seen.y, seen.x * offset.x + seen.y * offset.y,
            seen.y * offset.x - seen.x * offset.y};
}

double dot(const Vector4& a, const Vector4& b) {
    double sum = 0;
    for (std::size_t i = 0; i < kParameters; ++i) sum += a[i] * b[i];
    return sum;
}

/// Solves the symmetric, positive definite system by Cholesky's decomposition.
Vector4 solve(Matrix4 matrix, Vector4 right) {
    for (std::size_t i = 0; i < kParameters; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            double sum = matrix[i][j];
            for (std::size_t k = 0; k < j; ++k) sum -= matrix[i][k] * matrix[j][k];
            matrix[i][j] = i == j ? std::sqrt(sum) : sum / matrix[j][j];
        }
    }
    for (std::size_t i = 0; i < kParameters; ++i) {
        for (std::size_t k = 0; k < i; ++k) right[i] -= matrix[i][k] * right[k];
        right[i] /= matrix[i][i];
    }
    for (std::size_t i = kParameters; i-- > 0;) {
        for (std::size_t k = i + 1; k < kParameters; ++k) right[i] -= matrix[k][i] * right[k];
        right[i] /= matrix[i][i];
    }
    return right;
}

/// Normal equations of weighted least squares, with a prior that keeps them solvable.
class Equations {
  public:
    Equations() {
        for (std::size_t i = 0; i < 2; ++i) matrix_[i][i] = 1e-6;
        for (std::size_t i = 2; i < kParameters; ++i) matrix_[i][i] = 1 / (kTurn * kTurn);
    }

    void add(const Vector4& row, double value, double weight) {
        for (std::size_t i = 0; i < kParameters; ++i) {
            right_[i] += weight * row[i] * value;
            for (std::size_t j = 0; j <= i; ++j) matrix_[i][j] += weight * row[i] * row[j];
        }
    }

    Vector4 solution() const { return solve(matrix_, right_); }

  private:
    Matrix4 matrix_{};
    Vector4 right_{};
};

/// Calls `use(observation)` for what is seen of a patch.
template <class Use>
void observe(const PatchMotion& patch, Use use) {
    const double x = patch.axis_x, y = patch.axis_y;
    if (std::isfinite(patch.along)) use({x, y, x * patch.x + y * patch.y, patch.along});
    if (std::isfinite(patch.across)) use({-y, x, x * patch.y - y * patch.x, patch.across});
}

Point middle_of(std::span<const float> points, std::span<const float> weights) {
    Point sum;
    double total = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const double weight = weights[i];
        sum.x += weight * points[2 * i];
        sum.y += weight * points[2 * i + 1];
        total += weight;
    }
    return total > 0 ? Point{sum.x / total, sum.y / total} : Point{};
}

Point offset_of(std::span<const float> points, std::size_t i, Point middle) {
    return {points[2 * i] - middle.x, points[2 * i + 1] - middle.y};
}

void check_sizes(std::size_t coordinates, std::size_t patches, std::size_t other,
                 const char* name) {
    if (coordinates == 2 * patches && other == patches) return;
    throw ArrayError(std::string("points, patches and ") + name + " must be of as many points, " +
                     "got " + std::to_string(coordinates / 2) + ", " + std::to_string(patches) +
                     " and " + std::to_string(other) + ".");
}

}  // namespace

Transform head_motion(std::span<const float> points, std::span<const PatchMotion> patches,
                      std::span<const float> weights) {
    check_sizes(points.size(), patches.size(), weights.size(), "weights");
    const Point middle = middle_of(points, weights);
    Vector4 best{};
    for (int round = 0; round < kRounds; ++round) {
        Equations equations;
        for (std::size_t i = 0; i < patches.size(); ++i) {
            if (!(weights[i] > 0)) continue;
            observe(patches[i], [&](const Observation& seen) {
                const Vector4 row = row_of(offset_of(points, i, middle), seen);
                const double variance = seen.sigma * seen.sigma + kRestlessness * kRestlessness;
                const double residual = seen.value - dot(row, best);
                // The first rounds forgive more, so that a moving head is no outlier as a whole.
                const double limit = kTolerance * kTolerance * variance * (round < 3 ? 16 : 1);
                const double trust = 1 / (1 + residual * residual / limit);
                const double say = round == 0 ? 1 : trust * trust;
                equations.add(row, seen.value, weights[i] * say / variance);
            });
        }
        best = equations.solution();
    }
    const auto [x, y, grow, turn] = best;
    return {1 + grow, -turn,    x - grow * middle.x + turn * middle.y,
            turn,     1 + grow, y - turn * middle.x - grow * middle.y};
}

void remove_head(std::span<const float> points, std::span<const PatchMotion> patches,
                 const Transform& head, std::span<float> out) {
    check_sizes(points.size(), patches.size(), out.size() / 2, "out");
    for (std::size_t i = 0; i < patches.size(); ++i) {
        const Point from{points[2 * i], points[2 * i + 1]};
        const Point to = apply(head, from);
        double x = 0, y = 0;
        observe(patches[i], [&](const Observation& seen) {
            const double rest = seen.value - seen.x * (to.x - from.x) - seen.y * (to.y - from.y);
            x += rest * seen.x;
            y += rest * seen.y;
        });
        out[2 * i] = static_cast<float>(x);
        out[2 * i + 1] = static_cast<float>(y);
    }
}

}  // namespace mol_edge
