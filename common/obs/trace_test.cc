#include "common/obs/trace.h"

#include <gtest/gtest.h>

namespace tidemark::obs {
namespace {

// The recommendation's own example.
constexpr std::string_view kExample = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

// Fills with 0 the first time, with 1, 2, ... afterwards.
class CountingRandom final : public Random {
 public:
  void Fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = count_;
    ++count_;
  }

 private:
  std::uint8_t count_ = 0;
};

TEST(TraceTest, ReadsAndWritesTraceparent) {
  const auto context = ParseTraceparent(kExample);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context->span_id, "00f067aa0ba902b7");
  EXPECT_EQ(context->flags, 1);
  EXPECT_EQ(FormatTraceparent(*context), kExample);
}

TEST(TraceTest, LaterVersionsMayBeLonger) {
  EXPECT_TRUE(ParseTraceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-future"));
  EXPECT_TRUE(ParseTraceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  EXPECT_FALSE(ParseTraceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.future"));
}

TEST(TraceTest, IgnoresWhatTheRecommendationCallsInvalid) {
  for (const char* bad : {
           "",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
           "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
       }) {
    EXPECT_FALSE(ParseTraceparent(bad)) << bad;
  }
}

TEST(TraceTest, AChildKeepsTraceAndFlagsAndHasASpanOfItsOwn) {
  const TraceContext parent = *ParseTraceparent(kExample);
  const TraceContext child = ChildOf(parent, SystemRandom());
  EXPECT_EQ(child.trace_id, parent.trace_id);
  EXPECT_EQ(child.flags, parent.flags);
  EXPECT_NE(child.span_id, parent.span_id);
  EXPECT_TRUE(ParseTraceparent(FormatTraceparent(child)));
}

TEST(TraceTest, IdsAreNeverAllZero) {
  CountingRandom random;
  const TraceContext trace = NewTrace(random);
  EXPECT_EQ(trace.trace_id, "01010101010101010101010101010101");
  EXPECT_EQ(trace.span_id, "0202020202020202");
}

}  // namespace
}  // namespace tidemark::obs
