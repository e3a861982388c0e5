#pragma once

#include <cstddef>
#include <span>

namespace mol_edge {

/// Probabilities of each row of `classes` logits; large logits do not overflow.
/// `out` is as long as `logits` and may be the same memory. Throws ArrayError where the lengths do
/// not fit.
void softmax(std::span<const float> logits, std::size_t classes, std::span<float> out);

}  // namespace mol_edge
