#include "common/base/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>

namespace tidemark {
namespace {

class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::uint8_t byte) : byte_(byte) {}
  void Fill(std::span<std::uint8_t> bytes) override {
    std::fill(bytes.begin(), bytes.end(), byte_);
  }

 private:
  const std::uint8_t byte_;
};

TEST(BackoffTest, DoublesUpToItsBoundLessAtMostHalf) {
  FixedRandom zero(0), full(0xFF);
  Backoff longest(absl::Milliseconds(100), absl::Milliseconds(300), zero);
  EXPECT_EQ(longest.Next(), absl::Milliseconds(100));
  EXPECT_EQ(longest.Next(), absl::Milliseconds(200));
  EXPECT_EQ(longest.Next(), absl::Milliseconds(300));
  EXPECT_EQ(longest.Next(), absl::Milliseconds(300));
  longest.Reset();
  EXPECT_EQ(longest.Next(), absl::Milliseconds(100));
  Backoff shortest(absl::Milliseconds(100), absl::Milliseconds(300), full);
  EXPECT_NEAR(absl::ToDoubleMilliseconds(shortest.Next()), 50, 0.001);
}

}  // namespace
}  // namespace tidemark
