#include "common/base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <thread>
#include <vector>

namespace tidemark {
namespace {

using Draw = std::array<std::uint8_t, 16>;

std::vector<Draw> DrawMany() {
  std::vector<Draw> draws(1000);
  for (Draw& draw : draws) SystemRandom().Fill(draw);
  return draws;
}

TEST(RandomTest, NeverGivesTheSameTwice) {
  std::vector<Draw> others;
  std::thread other([&others] { others = DrawMany(); });
  std::vector<Draw> draws = DrawMany();
  other.join();
  draws.insert(draws.end(), others.begin(), others.end());
  EXPECT_EQ(std::set<Draw>(draws.begin(), draws.end()).size(), draws.size());
}

TEST(RandomTest, FillsEveryByteOfAnySize) {
  for (const std::size_t size : {0, 1, 7, 63, 64, 65, 1000, 5000}) {
    std::vector<std::uint8_t> ever(size, 0);
    for (int i = 0; i < 20; ++i) {  // a byte that stays 0 so often is one that was left out
      std::vector<std::uint8_t> bytes(size, 0);
      SystemRandom().Fill(bytes);
      for (std::size_t k = 0; k < size; ++k) ever[k] |= bytes[k];
    }
    EXPECT_EQ(std::set<std::uint8_t>(ever.begin(), ever.end()).contains(0), false) << size;
  }
}

TEST(RandomTest, NumbersDiffer) {
  std::set<std::uint64_t> numbers;
  for (int i = 0; i < 1000; ++i) numbers.insert(SystemRandom().Next());
  EXPECT_EQ(numbers.size(), 1000U);
}

}  // namespace
}  // namespace tidemark
