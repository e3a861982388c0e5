#include "path_bridge.h"

#include <algorithm>
#include <span>

namespace mol_edge {
namespace {

/// Which of the rows from `first` on lie beside no closed lids.
std::vector<char> clear_rows(const std::deque<PathRow>& rows, std::size_t first) {
    std::vector<char> clear(rows.size() - first, char{1});
    for (std::size_t i = first; i < rows.size(); ++i) {
        if (!rows[i].blink) continue;
        const std::int64_t closed = rows[i].timestamp_ns;
        const auto beside = [&](std::size_t row) {
            return std::abs(rows[row].timestamp_ns - closed) <= kBesideBlinkNs;
        };
        for (std::size_t row = i + 1; row-- > first && beside(row);) clear[row - first] = 0;
        for (std::size_t row = i; row < rows.size() && beside(row); ++row) clear[row - first] = 0;
    }
    return clear;
}

/// Sets what lies between two rows, or beyond the one that there is.
void bridge(const std::deque<PathRow>& rows, std::size_t first, std::span<const std::size_t> cells,
            std::size_t before, std::size_t after, std::size_t row, Steps& paths) {
    const std::size_t count = rows[first].path.size();
    const auto time = [&](std::size_t i) {
        return static_cast<double>(rows[first + i].timestamp_ns - rows[first].timestamp_ns);
    };
    const double span = time(after) - time(before);
    const double share = span > 0 ? (time(row) - time(before)) / span : 0;
    for (const std::size_t cell : cells) {
        const Step from = rows[first + before].path[cell], to = rows[first + after].path[cell];
        paths[row * count + cell] = {from.x + share * (to.x - from.x),
                                     from.y + share * (to.y - from.y)};
    }
}

}  // namespace

Steps bridged_paths(const std::deque<PathRow>& rows, std::size_t first,
                    const std::vector<std::size_t>& cells) {
    Steps paths;
    for (std::size_t i = first; i < rows.size(); ++i) {
        paths.insert(paths.end(), rows[i].path.begin(), rows[i].path.end());
    }
    const std::vector<char> clear = clear_rows(rows, first);
    const auto known = std::ranges::find(clear, char{1});
    if (known == clear.end()) return paths;
    auto before = static_cast<std::size_t>(known - clear.begin());
    for (std::size_t row = 0; row < clear.size(); ++row) {
        if (clear[row] != 0) {
            before = row;
            continue;
        }
        const auto next =
            std::find(clear.begin() + static_cast<std::ptrdiff_t>(row), clear.end(), 1);
        const std::size_t after =
            next == clear.end() ? before : static_cast<std::size_t>(next - clear.begin());
        bridge(rows, first, cells, std::min(before, after), after, row, paths);
    }
    return paths;
}

}  // namespace mol_edge
