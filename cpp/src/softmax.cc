#include "mol_edge/softmax.h"

#include "mol_edge/error.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace mol_edge {

void softmax(std::span<const float> logits, std::size_t classes, std::span<float> out) {
    if (classes == 0 || logits.size() % classes != 0 || out.size() != logits.size()) {
        throw ArrayError("logits must be whole rows of at least one class, got " +
                         std::to_string(logits.size()) + " values for rows of " +
                         std::to_string(classes) + ".");
    }
    for (std::size_t start = 0; start < logits.size(); start += classes) {
        const auto row = logits.subspan(start, classes);
        const auto probabilities = out.subspan(start, classes);
        const float largest = *std::max_element(row.begin(), row.end());
        double sum = 0;
        for (std::size_t i = 0; i < classes; ++i) {
            probabilities[i] = std::exp(row[i] - largest);
            sum += double{probabilities[i]};
        }
        for (float& probability : probabilities) {
            probability = static_cast<float>(double{probability} / sum);
        }
    }
}

}  // namespace mol_edge
