#pragma once

#include <cstddef>
#include <memory>

namespace mol_edge::network {

/// Floats that start on a cache line, all 0 at first. Large ones lie in huge pages where the system
/// has them, since a frame reads more memory than small pages' addresses fit a processor's tables.
class Buffer {
  public:
    Buffer() = default;
    explicit Buffer(std::size_t size);

    [[nodiscard]] float* data() const { return memory_.get(); }
    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    struct Free {
        void operator()(float* memory) const;
    };

    std::unique_ptr<float[], Free> memory_;
    std::size_t size_ = 0;
};

}  // namespace mol_edge::network
