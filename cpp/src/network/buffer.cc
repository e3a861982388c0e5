#include "buffer.h"

#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace mol_edge::network {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kHugePage = 2 << 20;

}  // namespace

Buffer::Buffer(std::size_t size) : size_(size) {
    const std::size_t bytes = size * sizeof(float);
    const std::size_t unit = bytes < kHugePage ? kLine : kHugePage;
    const std::size_t whole = (bytes + unit - 1) / unit * unit;
    memory_.reset(static_cast<float*>(std::aligned_alloc(unit, whole)));
    if (memory_ == nullptr && whole > 0) throw std::bad_alloc();
#if defined(__linux__)
    // Before it is first written, since that is when pages are given. A refusal costs time alone.
    if (unit == kHugePage) madvise(memory_.get(), whole, MADV_HUGEPAGE);
#endif
    if (whole > 0) std::memset(memory_.get(), 0, whole);
}

void Buffer::Free::operator()(float* memory) const {
    std::free(memory);
}

}  // namespace mol_edge::network
