#pragma once

#include <cstdint>
#include <span>

namespace tidemark {

// Where randomness comes from. Code that makes ids or jitter takes a Random, so that tests can
// foresee what it does. Safe for concurrent use.
class Random {
 public:
  virtual ~Random() = default;

  // Fills `bytes`; the system's source is fit for keys and tokens.
  virtual void Fill(std::span<std::uint8_t> bytes) = 0;

  // An evenly distributed number.
  std::uint64_t Next();
};

// OpenSSL's generator, alive for the whole process. Aborts if the system has no entropy.
Random& SystemRandom();

}  // namespace tidemark
