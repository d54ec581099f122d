#include "services/stream_config/domain/change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/errors/error.h"

namespace tidemark::stream_config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kAccount[] = "123456789012";
constexpr char kRole[] = "arn:aws:iam::123456789012:role/Writer";
constexpr char kOtherRole[] = "arn:aws:iam::123456789012:role/Other";
constexpr char kForeignRole[] = "arn:aws:iam::210987654321:role/Writer";
const absl::Time kCreated = absl::FromUnixSeconds(1'000);
const absl::Time kNow = absl::FromUnixSeconds(2'000);

Pool NewPool() {
  return {
      .id = "us-east-1:0", .version = Version(1), .create_time = kCreated, .update_time = kCreated};
}

// A pool whose stream has run since kCreated as epoch 3.
Pool Streaming() {
  Pool pool = NewPool();
  pool.settings.stream = {.stream_name = "changes", .role_arn = kRole, .enabled = true};
  pool.stream_state = {.enabled_time = kCreated,
                       .start_position = Position(7),
                       .epoch = Epoch(3),
                       .epoch_stream_name = "changes",
                       .epoch_account = kAccount};
  return pool;
}

// The same after the publisher turned it off.
Pool TurnedOff() {
  Pool pool = Streaming();
  pool.settings.stream->enabled = false;
  pool.stream_state.disabled_reason = "the stream is gone";
  return pool;
}

SettingsChange StreamChange(std::set<SettingsField> fields, std::optional<StreamSettings> stream) {
  return {.values = {.stream = std::move(stream)}, .fields = std::move(fields)};
}

SettingsChange StatusChange(bool enabled) {
  return StreamChange({SettingsField::kStreamStatus}, StreamSettings{.enabled = enabled});
}

SettingsChange NameChange(const std::string& name) {
  return StreamChange({SettingsField::kStreamName}, StreamSettings{.stream_name = name});
}

SettingsChange RoleChange(const std::string& role_arn) {
  return StreamChange({SettingsField::kStreamRoleArn}, StreamSettings{.role_arn = role_arn});
}

// `pool` after `change`, which must be good, at kNow with the log's end at 100.
Pool After(const Pool& pool, const SettingsChange& change) {
  const absl::StatusOr<PlannedChange> plan = PlanChange(pool, change, "pool");
  EXPECT_TRUE(plan.ok()) << plan.status();
  return Apply(pool, *plan, Position(100), kNow);
}

std::vector<std::string> BadFields(const Pool& pool, const SettingsChange& change) {
  std::vector<std::string> fields;
  for (const auto& violation : errors::ViolationsOf(PlanChange(pool, change, "pool").status())) {
    fields.push_back(violation.field);
  }
  return fields;
}

// What is noted of a stream that began anew at kNow.
StreamState Restarted(const std::string& stream_name = "changes",
                      const std::string& account = kAccount) {
  return {.enabled_time = kNow,
          .start_position = Position(100),
          .epoch = Epoch(4),
          .epoch_stream_name = stream_name,
          .epoch_account = account};
}

TEST(ChangeTest, OnlyNamedFieldsChange) {
  Pool pool = Streaming();
  pool.settings.display_name = "before";
  pool.settings.limits.datasets_per_identity = 30;
  SettingsChange change = {.values = {.display_name = "after",
                                      .push = {.role_arn = kRole},
                                      .events = {{"SyncTrigger", "f"}}},
                           .fields = {SettingsField::kDisplayName, SettingsField::kEvents}};
  const Pool after = After(pool, change);
  Pool expected = pool;
  expected.settings.display_name = "after";
  expected.settings.events = {{"SyncTrigger", "f"}};
  expected.update_time = kNow;
  EXPECT_EQ(after, expected);

  change.fields = {SettingsField::kPush, SettingsField::kLimits};
  expected = pool;
  expected.settings.push.role_arn = kRole;
  expected.settings.limits = {};
  expected.update_time = kNow;
  EXPECT_EQ(After(pool, change), expected);
}

TEST(ChangeTest, EnablingBeginsAnEpochAtTheEndOfTheLog) {
  const Pool after = After(
      NewPool(), StreamChange({SettingsField::kStream}, StreamSettings{"changes", kRole, true}));
  EXPECT_EQ(after.stream_state.epoch, Epoch(1));
  EXPECT_EQ(after.stream_state.start_position, Position(100));
  EXPECT_EQ(after.stream_state.enabled_time, kNow);
}

TEST(ChangeTest, EnablingAgainClearsTheReasonAndBeginsTheNextEpoch) {
  const Pool after = After(TurnedOff(), StatusChange(true));
  EXPECT_TRUE(after.settings.stream->enabled);
  EXPECT_EQ(after.stream_state, Restarted());
}

TEST(ChangeTest, EnablingWhatIsEnabledChangesNothing) {
  const Pool pool = Streaming();
  const absl::StatusOr<PlannedChange> plan = PlanChange(pool, StatusChange(true), "pool");
  ASSERT_TRUE(plan.ok());
  EXPECT_FALSE(plan->starts_stream);
  EXPECT_TRUE(IsNoChange(pool, *plan));
}

TEST(ChangeTest, ANewStreamNameBeginsAnEpochOnlyWhileEnabled) {
  EXPECT_EQ(After(Streaming(), NameChange("other")).stream_state, Restarted("other"));
  const Pool off = TurnedOff();
  EXPECT_EQ(After(off, NameChange("other")).stream_state, off.stream_state);
  EXPECT_EQ(After(off, NameChange("other")).settings.stream->stream_name, "other");
}

TEST(ChangeTest, ANewRoleOfTheSameAccountKeepsTheEpoch) {
  const Pool pool = Streaming();
  const Pool after = After(pool, RoleChange(kOtherRole));
  EXPECT_EQ(after.settings.stream->role_arn, kOtherRole);
  EXPECT_EQ(after.stream_state, pool.stream_state);
}

// The stream of that name in the role's account is another one.
TEST(ChangeTest, ARoleOfAnotherAccountBeginsAnEpochOnlyWhileEnabled) {
  EXPECT_EQ(After(Streaming(), RoleChange(kForeignRole)).stream_state,
            Restarted("changes", "210987654321"));
  const Pool off = TurnedOff();
  EXPECT_EQ(After(off, RoleChange(kForeignRole)).stream_state, off.stream_state);
}

TEST(ChangeTest, DisablingByTheUserClearsTheReason) {
  const Pool off = TurnedOff();
  const absl::StatusOr<PlannedChange> plan = PlanChange(off, StatusChange(false), "pool");
  ASSERT_TRUE(plan.ok());
  EXPECT_FALSE(IsNoChange(off, *plan));
  const Pool after = Apply(off, *plan, Position(100), kNow);
  EXPECT_EQ(after.stream_state.disabled_reason, "");
  EXPECT_EQ(after.stream_state.epoch, Epoch(3));
  EXPECT_EQ(after.stream_state.start_position, Position(7));
}

TEST(ChangeTest, TheReasonStaysWhileOtherThingsChange) {
  SettingsChange change{.values = {.display_name = "x"}, .fields = {SettingsField::kDisplayName}};
  EXPECT_EQ(After(TurnedOff(), change).stream_state.disabled_reason, "the stream is gone");
  EXPECT_EQ(After(TurnedOff(), NameChange("other")).stream_state.disabled_reason,
            "the stream is gone");
}

TEST(ChangeTest, ClearingTheStreamKeepsItsEpochSoThatNoneIsUsedTwice) {
  const Pool cleared = After(TurnedOff(), StreamChange({SettingsField::kStream}, std::nullopt));
  EXPECT_FALSE(cleared.settings.stream.has_value());
  EXPECT_EQ(cleared.stream_state.disabled_reason, "");
  const Pool again = After(
      cleared, StreamChange({SettingsField::kStream}, StreamSettings{"changes", kRole, true}));
  EXPECT_EQ(again.stream_state.epoch, Epoch(4));
}

TEST(ChangeTest, OneFieldOfAStreamNeverConfiguredLeavesItOff) {
  const Pool after = After(NewPool(), NameChange("changes"));
  EXPECT_EQ(after.settings.stream, (StreamSettings{.stream_name = "changes"}));
  EXPECT_EQ(after.stream_state, StreamState{});
}

TEST(ChangeTest, AnEnabledStreamNeedsNameAndRole) {
  EXPECT_THAT(BadFields(NewPool(), StatusChange(true)),
              ElementsAre("pool.stream.stream_name", "pool.stream.role_arn"));
  EXPECT_THAT(BadFields(Streaming(), NameChange("")), ElementsAre("pool.stream.stream_name"));
  EXPECT_THAT(BadFields(Streaming(), StreamChange({SettingsField::kStreamRoleArn}, {})),
              ElementsAre("pool.stream.role_arn"));
  EXPECT_TRUE(PlanChange(TurnedOff(), NameChange(""), "pool").ok());
}

TEST(ChangeTest, AStreamIsCheckedWhenItIsEnabledOrItsNameOrRoleChangesWhileItIs) {
  const auto checks = [](const Pool& pool, const SettingsChange& change) {
    return PlanChange(pool, change, "pool").value().checks_stream;
  };
  const SettingsChange role = RoleChange(kOtherRole);
  EXPECT_TRUE(checks(TurnedOff(), StatusChange(true)));
  EXPECT_TRUE(checks(Streaming(), NameChange("other")));
  EXPECT_TRUE(checks(Streaming(), role));
  EXPECT_FALSE(checks(Streaming(), StatusChange(true)));
  EXPECT_FALSE(checks(Streaming(), StatusChange(false)));
  EXPECT_FALSE(checks(TurnedOff(), NameChange("other")));
  EXPECT_FALSE(checks(TurnedOff(), role));
  EXPECT_FALSE(checks(Streaming(), {.fields = {SettingsField::kDisplayName}}));
}

TEST(ChangeTest, PushSettingsAreCheckedWhenApplicationsOrTheRoleChange) {
  const PushSettings some{.application_arns = {"arn:a"}, .role_arn = kRole};
  const PushSettings other_role{.application_arns = {"arn:a"}, .role_arn = kOtherRole};
  const PushSettings role_alone{.application_arns = {}, .role_arn = kRole};
  const auto checks = [](const PushSettings& before, const PushSettings& after) {
    Pool pool = NewPool();
    pool.settings.push = before;
    const SettingsChange change{.values = {.push = after}, .fields = {SettingsField::kPush}};
    return PlanChange(pool, change, "pool").value().checks_push;
  };
  EXPECT_TRUE(checks({}, some));
  EXPECT_TRUE(checks(some, other_role));
  EXPECT_TRUE(checks(role_alone, some));
  EXPECT_FALSE(checks(some, some));
  EXPECT_FALSE(checks(some, {}));
  EXPECT_FALSE(checks(some, role_alone));
  Pool pool = NewPool();
  pool.settings.push = some;
  EXPECT_FALSE(PlanChange(pool, StreamChange({SettingsField::kStream}, {}), "pool")->checks_push);
}

SettingsChange Resume() {
  SettingsChange change = StatusChange(true);
  change.resume_stream = true;
  return change;
}

TEST(ResumeTest, TheEpochGoesOnFromWhereItStopped) {
  const Pool after = After(TurnedOff(), Resume());
  Pool expected = Streaming();
  expected.update_time = kNow;
  expected.stream_state.enabled_time = kNow;
  EXPECT_EQ(after, expected);
  const PlannedChange plan = PlanChange(TurnedOff(), Resume(), "pool").value();
  EXPECT_FALSE(plan.starts_stream);
  EXPECT_TRUE(plan.checks_stream);
}

TEST(ResumeTest, NeedsAChangeThatEnablesTheStreamThatWasOn) {
  const auto why = [](const Pool& pool, SettingsChange change) {
    change.resume_stream = true;
    const auto violations = errors::ViolationsOf(PlanChange(pool, change, "pool").status());
    if (violations.size() != 1 || violations[0].field != "resume_stream") return std::string();
    return violations[0].description;
  };
  EXPECT_THAT(why(Streaming(), Resume()), HasSubstr("ENABLED already"));
  EXPECT_THAT(why(TurnedOff(), StatusChange(false)), HasSubstr("does not enable"));
  EXPECT_THAT(why(TurnedOff(), NameChange("other")), HasSubstr("does not enable"));
  EXPECT_THAT(why(Streaming(), {.fields = {SettingsField::kDisplayName}}),
              HasSubstr("ENABLED already"));
  Pool never = NewPool();
  never.settings.stream = {.stream_name = "changes", .role_arn = kRole};
  EXPECT_THAT(why(never, Resume()), HasSubstr("never on"));
  SettingsChange other = StreamChange({SettingsField::kStreamStatus, SettingsField::kStreamName},
                                      StreamSettings{.stream_name = "other", .enabled = true});
  EXPECT_THAT(why(TurnedOff(), other), AllOf(HasSubstr("'changes'"), HasSubstr("'other'")));
  other = StreamChange({SettingsField::kStreamStatus, SettingsField::kStreamRoleArn},
                       StreamSettings{.role_arn = kForeignRole, .enabled = true});
  EXPECT_THAT(why(TurnedOff(), other),
              AllOf(HasSubstr("'123456789012'"), HasSubstr("'210987654321'")));
}

// It was renamed while it was off: what its name is now was never delivered to.
TEST(ResumeTest, TheStreamThatCountsIsTheOneThatWasOn) {
  const Pool renamed = After(TurnedOff(), NameChange("other"));
  EXPECT_FALSE(PlanChange(renamed, Resume(), "pool").ok());
  EXPECT_TRUE(PlanChange(After(renamed, NameChange("changes")), Resume(), "pool").ok());
  const Pool foreign = After(TurnedOff(), RoleChange(kForeignRole));
  EXPECT_FALSE(PlanChange(foreign, Resume(), "pool").ok());
  EXPECT_TRUE(PlanChange(After(foreign, RoleChange(kOtherRole)), Resume(), "pool").ok());
}

TEST(ResumeTest, ANewRoleMayGoWithIt) {
  SettingsChange change =
      StreamChange({SettingsField::kStream}, StreamSettings{"changes", kOtherRole, true});
  change.resume_stream = true;
  EXPECT_EQ(After(TurnedOff(), change).stream_state.epoch, Epoch(3));
}

TEST(ChangeTest, TimesAreKeptInMilliseconds) {
  const absl::StatusOr<PlannedChange> plan = PlanChange(TurnedOff(), StatusChange(true), "pool");
  ASSERT_TRUE(plan.ok());
  const Pool after = Apply(TurnedOff(), *plan, Position(1), kNow + absl::Microseconds(1999));
  EXPECT_EQ(after.update_time, kNow + absl::Milliseconds(1));
  EXPECT_EQ(after.stream_state.enabled_time, kNow + absl::Milliseconds(1));
}

TEST(DisableStreamTest, TurnsTheNamedEpochOffWithTheReason) {
  const absl::StatusOr<std::optional<Pool>> after =
      DisableStream(Streaming(), {Epoch(3), Version(1)}, "the role is gone", kNow);
  ASSERT_TRUE(after.ok() && after->has_value());
  Pool expected = Streaming();
  expected.settings.stream->enabled = false;
  expected.stream_state.disabled_reason = "the role is gone";
  expected.update_time = kNow;
  EXPECT_EQ(**after, expected);
}

TEST(DisableStreamTest, LeavesOtherEpochsAndWhatIsOffAlone) {
  for (const Epoch other : {Epoch(2), Epoch(4)}) {
    EXPECT_EQ(DisableStream(Streaming(), {other, std::nullopt}, "x", kNow).value(),
              std::optional<Pool>());
  }
  EXPECT_EQ(DisableStream(TurnedOff(), {Epoch(3), std::nullopt}, "x", kNow).value(),
            std::optional<Pool>());
}

// It was refused with another role, say.
TEST(DisableStreamTest, LeavesSettingsOfAnotherVersionAlone) {
  Pool pool = Streaming();
  pool.version = Version(5);
  for (const Version other : {Version(4), Version(6)}) {
    EXPECT_EQ(DisableStream(pool, {Epoch(3), other}, "x", kNow).value(), std::optional<Pool>());
  }
  EXPECT_NE(DisableStream(pool, {Epoch(3), Version(5)}, "x", kNow).value(), std::optional<Pool>());
  EXPECT_NE(DisableStream(pool, {Epoch(3), std::nullopt}, "x", kNow).value(),
            std::optional<Pool>());
}

TEST(DisableStreamTest, RefusesAPoolWithoutStream) {
  const absl::Status status =
      DisableStream(NewPool(), {Epoch(1), std::nullopt}, "x", kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_STREAM_NOT_CONFIGURED);
}

}  // namespace
}  // namespace tidemark::stream_config
