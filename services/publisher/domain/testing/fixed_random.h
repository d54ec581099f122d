#pragma once

#include <cstdint>
#include <span>

#include "common/base/random.h"

namespace tidemark::publisher {

// Numbers that are the same in every run.
class FixedRandom final : public Random {
 public:
  void Fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) {
      state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
      byte = static_cast<std::uint8_t>(state_ >> 56);
    }
  }

 private:
  std::uint64_t state_ = 1;
};

}  // namespace tidemark::publisher
