#include "common/testing/fake_aws/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark::fake_aws {
namespace {

using ::testing::ElementsAre;

TEST(FaultScriptTest, StrikesTheCallsItIsFor) {
  FaultScript script;
  script.Add({.service = "kinesis", .operation = "PutRecords", .resource = "s"});
  EXPECT_FALSE(script.Next("kinesis", "PutRecords", "other"));
  EXPECT_FALSE(script.Next("kinesis", "ListStreams", "s"));
  EXPECT_FALSE(script.Next("sns", "PutRecords", "s"));
  EXPECT_TRUE(script.Next("kinesis", "PutRecords", "s"));
  EXPECT_FALSE(script.Next("kinesis", "PutRecords", "s"));
  EXPECT_EQ(script.struck(), 1);
}

TEST(FaultScriptTest, SkipsThenStrikesSoManyTimes) {
  FaultScript script;
  script.Add({.skip = 2, .times = 3});
  std::vector<bool> struck;
  for (int i = 0; i < 7; ++i) struck.push_back(script.Next("a", "b", "c").has_value());
  EXPECT_THAT(struck, ElementsAre(false, false, true, true, true, false, false));
  EXPECT_EQ(script.pending(), 0);
}

TEST(FaultScriptTest, ZeroTimesIsForGood) {
  FaultScript script;
  script.Add({.times = 0});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(script.Next("a", "b", "c"));
  EXPECT_EQ(script.pending(), 1);
  script.Clear();
  EXPECT_FALSE(script.Next("a", "b", "c"));
}

TEST(FaultScriptTest, AFaultMayLastForATime) {
  class TestClock final : public Clock {
   public:
    absl::Time Now() const override { return now; }
    absl::Time now = absl::UnixEpoch();
  } clock;
  FaultScript script(clock);
  script.Add({.times = 0, .lasts = absl::Seconds(10)});
  clock.now += absl::Seconds(9);
  EXPECT_TRUE(script.Next("a", "b", "c"));
  EXPECT_EQ(script.pending(), 1);
  clock.now += absl::Seconds(1);
  EXPECT_EQ(script.pending(), 0);
  EXPECT_FALSE(script.Next("a", "b", "c"));
}

TEST(FaultScriptTest, AResourceMayBeGivenInPart) {
  FaultScript script;
  script.Add({.resource = "bucket", .times = 0});
  script.Add({.resource = "bucket2/a", .times = 0});
  script.Add({.resource = "role", .times = 0});
  EXPECT_TRUE(script.Next("s3", "PutObject", "bucket/a/b"));
  EXPECT_FALSE(script.Next("s3", "PutObject", "bucket1/a/b"));
  EXPECT_TRUE(script.Next("s3", "PutObject", "bucket2/a/b"));
  EXPECT_FALSE(script.Next("s3", "PutObject", "bucket2/ab"));
  EXPECT_TRUE(script.Next("sts", "AssumeRole", "arn:aws:iam::1:role/role"));
  EXPECT_FALSE(script.Next("sts", "AssumeRole", "arn:aws:iam::1:role/my-role"));
}

TEST(FaultScriptTest, TheFirstOfSeveralComesFirst) {
  FaultScript script;
  script.Add({.code = "one"});
  script.Add({.code = "two"});
  EXPECT_EQ(script.Next("a", "b", "c")->code, "one");
  EXPECT_EQ(script.Next("a", "b", "c")->code, "two");
}

TEST(ParseFaultsTest, ReadsEveryMember) {
  const auto faults = ParseFaults(
      R"({"faults":[{"kind":"records","service":"kinesis","operation":"PutRecords","resource":"s",
          "skip":1,"times":0,"delay":0.25,"lasts":2,"status":500,"code":"C","message":"m","fraction":0.5,
          "indexes":[1,2],"keys":["k"]},{"kind":"loseAnswer"}]})");
  ASSERT_TRUE(faults.ok()) << faults.status();
  ASSERT_EQ(faults->size(), 2u);
  const Fault& fault = (*faults)[0];
  EXPECT_EQ(fault.kind, Fault::Kind::kRecords);
  EXPECT_EQ(fault.service, "kinesis");
  EXPECT_EQ(fault.operation, "PutRecords");
  EXPECT_EQ(fault.resource, "s");
  EXPECT_EQ(fault.lasts, absl::Seconds(2));
  EXPECT_EQ(fault.skip, 1);
  EXPECT_EQ(fault.times, 0);
  EXPECT_EQ(fault.delay, absl::Milliseconds(250));
  EXPECT_EQ(fault.status, 500);
  EXPECT_EQ(fault.code, "C");
  EXPECT_EQ(fault.message, "m");
  EXPECT_EQ(fault.fraction, 0.5);
  EXPECT_THAT(fault.indexes, ElementsAre(1, 2));
  EXPECT_THAT(fault.keys, ElementsAre("k"));
  EXPECT_EQ((*faults)[1].kind, Fault::Kind::kLoseAnswer);
  EXPECT_EQ((*faults)[1].times, 1);
}

TEST(ParseFaultsTest, RefusesWhatIsNotAScript) {
  for (const char* text :
       {"", "[]", "{}", R"({"faults":{}})", R"({"faults":[1]})", R"({"faults":[{}]})",
        R"({"faults":[{"kind":"nope"}]})", R"({"faults":[{"kind":"reset","tmies":2}]})",
        R"({"faults":[{"kind":"reset","times":"2"}]})", R"({"faults":[],"more":1})"}) {
    EXPECT_EQ(ParseFaults(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace tidemark::fake_aws
