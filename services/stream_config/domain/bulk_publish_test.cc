#include "services/stream_config/domain/bulk_publish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/characters.h"
#include "common/errors/error.h"
#include "services/stream_config/domain/change.h"

namespace tidemark::stream_config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// A pool that streams as epoch 3, and was never published.
Pool Streaming() {
  Pool pool{.id = "us-east-1:0", .update_time = kNow - absl::Hours(100)};
  pool.settings.stream = {
      .stream_name = "changes", .role_arn = "arn:aws:iam::111:role/a", .enabled = true};
  pool.stream_state = {.epoch = Epoch(3), .epoch_stream_name = "changes", .epoch_account = "111"};
  return pool;
}

Pool Started(const Pool& pool = Streaming(), absl::Time now = kNow) {
  const absl::StatusOr<Pool> started = StartBulkPublish(pool, false, now);
  EXPECT_TRUE(started.ok()) << started.status();
  return started.value_or(pool);
}

Pool Ended(const std::string& failure_message, absl::Time now = kNow + absl::Minutes(5)) {
  return EndBulkPublish(Started(), BulkJob(1), failure_message, now).value();
}

errors::Reason Refusal(const Pool& pool, absl::Time now = kNow) {
  return errors::ReasonOf(StartBulkPublish(pool, false, now).status());
}

// `pool` after a change of its stream's settings.
Pool Changed(const Pool& pool, SettingsField field, std::optional<StreamSettings> stream) {
  const SettingsChange change{.values = {.stream = std::move(stream)}, .fields = {field}};
  const absl::StatusOr<PlannedChange> plan = PlanChange(pool, change, "pool");
  EXPECT_TRUE(plan.ok()) << plan.status();
  return Apply(pool, *plan, Position(100), kNow + absl::Minutes(1));
}

TEST(StartBulkPublishTest, TheFirstIsJob1OfTheEpochThatIsOn) {
  Pool expected = Streaming();
  expected.update_time = kNow;
  expected.bulk_publish = BulkPublish{.job = BulkJob(1), .epoch = Epoch(3), .start_time = kNow};
  EXPECT_EQ(Started(Streaming(), kNow + absl::Microseconds(999)), expected);
}

TEST(StartBulkPublishTest, NeedsAStreamThatIsOn) {
  Pool pool = Streaming();
  pool.settings.stream->enabled = false;
  absl::Status refused = StartBulkPublish(pool, true, kNow).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(errors::ReasonOf(refused), errors::v1::ERROR_REASON_STREAM_DISABLED);
  EXPECT_EQ(errors::MetadataOf(refused, "identityPoolId"), "us-east-1:0");
  pool.settings.stream.reset();
  refused = StartBulkPublish(pool, true, kNow).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(errors::ReasonOf(refused), errors::v1::ERROR_REASON_STREAM_NOT_CONFIGURED);
}

TEST(StartBulkPublishTest, OneAtATimeHoweverLongItTakes) {
  const Pool running = Started();
  EXPECT_EQ(Refusal(running, kNow + absl::Hours(1000)),
            errors::v1::ERROR_REASON_BULK_PUBLISH_RUNNING);
  const absl::Status refused = StartBulkPublish(running, /*again=*/true, kNow).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(errors::ReasonOf(refused), errors::v1::ERROR_REASON_BULK_PUBLISH_RUNNING);
}

TEST(StartBulkPublishTest, ADayAfterASuccessTheNextMayBegin) {
  const Pool done = Ended("");
  const absl::Time free = kNow + absl::Minutes(5) + absl::Hours(24);
  const absl::Status refused = StartBulkPublish(done, false, free - absl::Milliseconds(1)).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(errors::ReasonOf(refused), errors::v1::ERROR_REASON_BULK_PUBLISH_RECENT);
  EXPECT_EQ(errors::MetadataOf(refused, "completeTime"), "2023-11-14T22:18:20.000Z");
  const Pool next = Started(done, free);
  EXPECT_EQ(next.bulk_publish,
            (BulkPublish{.job = BulkJob(2), .epoch = Epoch(3), .start_time = free}));
}

TEST(StartBulkPublishTest, WhoAsksForItAgainNeedNotWait) {
  const absl::StatusOr<Pool> next = StartBulkPublish(Ended(""), true, kNow + absl::Minutes(6));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->bulk_publish->job, BulkJob(2));
  EXPECT_TRUE(next->bulk_publish->Running());
}

TEST(StartBulkPublishTest, AfterAFailureTheNextMayBeginAtOnce) {
  const Pool next = Started(Ended("half of it"), kNow + absl::Minutes(5));
  EXPECT_EQ(next.bulk_publish->job, BulkJob(2));
  EXPECT_EQ(next.bulk_publish->failure_message, "");
}

TEST(EndBulkPublishTest, SucceedsWithoutAMessageAndFailsWithOne) {
  Pool expected = Started();
  expected.update_time = kNow + absl::Minutes(5);
  expected.bulk_publish->complete_time = kNow + absl::Minutes(5);
  EXPECT_EQ(Ended(""), expected);
  EXPECT_FALSE(Ended("").bulk_publish->Failed());
  expected.bulk_publish->failure_message = "half of it";
  EXPECT_EQ(Ended("half of it"), expected);
  EXPECT_TRUE(expected.bulk_publish->Failed());
  EXPECT_FALSE(expected.bulk_publish->Running());
}

TEST(EndBulkPublishTest, EndsNothingButTheJobThatRuns) {
  EXPECT_EQ(EndBulkPublish(Streaming(), BulkJob(1), "", kNow), std::nullopt);
  EXPECT_EQ(EndBulkPublish(Started(), BulkJob(2), "", kNow), std::nullopt);
  EXPECT_EQ(EndBulkPublish(Ended(""), BulkJob(1), "late", kNow), std::nullopt);
  const Pool second = Started(Ended("x"), kNow + absl::Hours(1));
  EXPECT_EQ(EndBulkPublish(second, BulkJob(1), "", kNow), std::nullopt);
}

TEST(EndBulkPublishTest, NeverEndsBeforeItBegan) {
  EXPECT_EQ(*Ended("", kNow - absl::Hours(1)).bulk_publish->complete_time, kNow);
}

TEST(StrandedBulkPublishTest, TurningTheStreamOffFailsIt) {
  const Pool after =
      Changed(Started(), SettingsField::kStreamStatus, StreamSettings{.enabled = false});
  EXPECT_EQ(after.bulk_publish->complete_time, kNow + absl::Minutes(1));
  EXPECT_THAT(after.bulk_publish->failure_message,
              AllOf(HasSubstr("turned off"), HasSubstr("enable it")));
}

TEST(StrandedBulkPublishTest, ClearingTheStreamFailsIt) {
  const Pool after = Changed(Started(), SettingsField::kStream, std::nullopt);
  EXPECT_THAT(after.bulk_publish->failure_message, HasSubstr("removed"));
}

TEST(StrandedBulkPublishTest, AnotherStreamFailsIt) {
  const Pool after =
      Changed(Started(), SettingsField::kStreamName, StreamSettings{.stream_name = "other"});
  EXPECT_EQ(after.stream_state.epoch, Epoch(4));
  EXPECT_TRUE(after.settings.stream->enabled);
  EXPECT_THAT(after.bulk_publish->failure_message, HasSubstr("'other'"));
}

TEST(StrandedBulkPublishTest, TheStreamOfAnotherAccountFailsIt) {
  const Pool after = Changed(Started(), SettingsField::kStreamRoleArn,
                             StreamSettings{.role_arn = "arn:aws:iam::222:role/a"});
  EXPECT_EQ(after.stream_state.epoch, Epoch(4));
  EXPECT_THAT(after.bulk_publish->failure_message, AllOf(HasSubstr("'changes'"), HasSubstr("222")));
}

TEST(StrandedBulkPublishTest, ThePublishersReasonIsPassedOnAsFarAsItFits) {
  std::string reason = "gone: ";
  while (CountCharacters(reason) < 1024) reason += "\u00fc";
  const Pool after =
      DisableStream(Started(), {Epoch(3), std::nullopt}, reason, kNow).value().value();
  EXPECT_THAT(after.bulk_publish->failure_message,
              StartsWith("the pool's stream was turned off: gone: \u00fc"));
  EXPECT_EQ(CountCharacters(after.bulk_publish->failure_message), 1024U);
  EXPECT_THAT(after.bulk_publish->failure_message, ::testing::EndsWith("\u00fc"));
}

TEST(StrandedBulkPublishTest, ItGoesOnWhileTheEpochDoes) {
  const Pool started = Started();
  const Pool role = Changed(started, SettingsField::kStreamRoleArn,
                            StreamSettings{.role_arn = "arn:aws:iam::111:role/b"});
  EXPECT_EQ(role.bulk_publish, started.bulk_publish);
  EXPECT_EQ(Changed(started, SettingsField::kDisplayName, {}).bulk_publish, started.bulk_publish);
}

TEST(StrandedBulkPublishTest, WhatHasEndedStaysAsItIs) {
  const Pool done = Ended("");
  EXPECT_EQ(Changed(done, SettingsField::kStream, std::nullopt).bulk_publish, done.bulk_publish);
}

TEST(AdvanceTest, NoFigureGoesBack) {
  const BulkProgress known{10, 100, 1, 5000, kNow};
  const absl::Time later = kNow + absl::Seconds(1);
  EXPECT_EQ(Advance(known, {20, 0, 0, 4000, absl::InfiniteFuture()}, later),
            (BulkProgress{20, 100, 1, 5000, later}));
  EXPECT_EQ(Advance(known, {5, 120, 2, 6000, std::nullopt}, later),
            (BulkProgress{10, 120, 2, 6000, later}));
}

TEST(AdvanceTest, WithoutNewsTheTimeStays) {
  const BulkProgress known{10, 100, 1, 5000, kNow};
  EXPECT_EQ(Advance(known, known, kNow + absl::Seconds(1)), known);
  EXPECT_EQ(Advance({}, {}, kNow), BulkProgress{});
}

}  // namespace
}  // namespace tidemark::stream_config
