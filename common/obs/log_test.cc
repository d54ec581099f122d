#include "common/obs/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace tidemark::obs {
namespace {

using ::testing::EndsWith;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class LogTest : public testing::Test {
 protected:
  LogTest() { SetupLog("dataset", Level::kInfo); }

  nlohmann::json Last() const { return nlohmann::json::parse(lines_.back()); }

  std::vector<std::string> lines_;
  ScopedLogSink sink_{[this](std::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(LogTest, WritesOneJsonObjectPerLineWithTypedFields) {
  Log(Level::kWarning, "A sentence.",
      {{"text", "abc"}, {"number", -5}, {"size", std::size_t{7}}, {"share", 0.5}, {"truth", true}});
  EXPECT_THAT(lines_.back(), StartsWith("{\"time\":\"20"));
  EXPECT_THAT(
      lines_.back(),
      EndsWith("\"level\":\"warning\",\"service\":\"dataset\",\"msg\":\"A sentence.\","
               "\"text\":\"abc\",\"number\":-5,\"size\":7,\"share\":0.5,\"truth\":true}\n"));
  EXPECT_THAT(Last()["time"].get<std::string>(),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z"));
}

TEST_F(LogTest, EscapesWhateverTextsHold) {
  const std::string nasty =
      "quote\" back\\ line\nnul" + std::string(1, '\0') + " tab\t \xE2\x82\xAC";
  Log(Level::kInfo, "x", {{"nasty", nasty}});
  EXPECT_EQ(Last()["nasty"].get<std::string>(), nasty);
  EXPECT_EQ(lines_.back().find('\n'), lines_.back().size() - 1);
}

TEST_F(LogTest, ReplacesBytesThatAreNotUtf8) {
  Log(Level::kInfo, "x", {{"cut", "ab\xE2\x82"}, {"latin", "caf\xE9 au lait"}});
  EXPECT_EQ(Last()["cut"].get<std::string>(), "ab\xEF\xBF\xBD");
  EXPECT_EQ(Last()["latin"].get<std::string>(), "caf\xEF\xBF\xBD au lait");
}

TEST_F(LogTest, NumbersThatJsonLacksAreNull) {
  Log(Level::kInfo, "x",
      {{"nan", std::nan("")}, {"infinite", std::numeric_limits<double>::infinity()}});
  EXPECT_TRUE(Last()["nan"].is_null());
  EXPECT_TRUE(Last()["infinite"].is_null());
}

TEST_F(LogTest, LeavesOutWhatIsBelowTheLevel) {
  Log(Level::kDebug, "x");
  EXPECT_TRUE(lines_.empty());
  EXPECT_FALSE(LogEnabled(Level::kDebug));
  SetupLog("dataset", Level::kDebug);
  Log(Level::kDebug, "x");
  EXPECT_EQ(lines_.size(), 1u);
}

TEST_F(LogTest, LinesOfManyThreadsStayWhole) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int j = 0; j < 100; ++j) Log(Level::kInfo, "x", {{"thread", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(lines_.size(), 400u);
  for (const std::string& line : lines_) EXPECT_TRUE(nlohmann::json::accept(line)) << line;
}

TEST(LogLevelTest, NamesRoundTrip) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) {
    EXPECT_EQ(ParseLevel(LevelName(level)), level);
  }
  EXPECT_EQ(ParseLevel("loud"), std::nullopt);
}

TEST(LogLimiterTest, LetsOneThroughPerIntervalAndCountsTheOthers) {
  LogLimiter limiter(absl::Seconds(10));
  const absl::Time start = absl::FromUnixSeconds(1000);
  EXPECT_EQ(limiter.Admit(start), 0);
  EXPECT_EQ(limiter.Admit(start + absl::Seconds(1)), std::nullopt);
  EXPECT_EQ(limiter.Admit(start + absl::Seconds(9)), std::nullopt);
  EXPECT_EQ(limiter.Admit(start + absl::Seconds(10)), 2);
  EXPECT_EQ(limiter.Admit(start + absl::Seconds(30)), 0);
}

}  // namespace
}  // namespace tidemark::obs
