// What is asked of the push service before push settings are set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/errors/error.h"
#include "services/stream_config/rpc/testing/rpc_fixture.h"

namespace tidemark::stream_config {
namespace {

using errors::ReasonOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kGcm[] = "arn:aws:sns:eu-west-1:123456789012:app/GCM/notes";
constexpr char kApns[] = "arn:aws:sns:eu-west-1:123456789012:app/APNS/notes";

class PushSettingsTest : public StreamConfigRpcTest {
 protected:
  static v1::PushSettings Push(const std::vector<std::string>& applications,
                               const std::string& role = kRole) {
    v1::PushSettings push;
    *push.mutable_application_arns() = {applications.begin(), applications.end()};
    push.set_role_arn(role);
    return push;
  }

  absl::Status Set(const v1::PushSettings& push) {
    v1::UpdatePoolRequest request = UpdateOf({"push"});
    *request.mutable_pool()->mutable_push() = push;
    return Update(request).status();
  }

  double Checks(const std::string& outcome) {
    for (const auto& family : registry_.Collect()) {
      if (family.name != "tidemark_stream_config_push_checks_total") continue;
      for (const auto& metric : family.metric) {
        if (metric.label.at(0).value == outcome) return metric.counter.value;
      }
    }
    return -1;
  }

  static absl::Status Away() {
    return errors::Error(absl::StatusCode::kUnavailable,
                         errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE, "away",
                         {{"service", "push"}});
  }
};

TEST_F(PushSettingsTest, AreCheckedWithThePoolsExternalId) {
  const std::string external_id = Make().role_external_id();
  ASSERT_TRUE(Set(Push({kGcm, kApns})).ok());
  EXPECT_THAT(push_services_.checked(),
              ElementsAre(PushToCheck{{kGcm, kApns}, kRole, external_id}));
  EXPECT_EQ(Checks("ok"), 1);
  ASSERT_TRUE(Set(Push({kGcm}, "")).ok());
  EXPECT_EQ(push_services_.checked().back(), (PushToCheck{{kGcm}, "", external_id}));
  EXPECT_THAT(publishers_.checked(), IsEmpty());
}

TEST_F(PushSettingsTest, AreCheckedOnlyWhereTheyChange) {
  Make();
  ASSERT_TRUE(Set(Push({kGcm})).ok());
  push_services_.SetAnswer(Away());
  EXPECT_TRUE(Set(Push({kGcm})).ok());
  EXPECT_TRUE(Update(UpdateOf({"display_name", "events"})).ok());
  SetStream(Stream());
  EXPECT_THAT(push_services_.checked(), SizeIs(1));
  EXPECT_FALSE(Set(Push({kGcm}, "arn:aws:iam::123456789012:role/Other")).ok());
  EXPECT_THAT(push_services_.checked(), SizeIs(2));
}

TEST_F(PushSettingsTest, ClearingThemNeedsNobody) {
  Make();
  ASSERT_TRUE(Set(Push({kGcm})).ok());
  push_services_.SetAnswer(Away());
  EXPECT_TRUE(Set(Push({})).ok()) << "a role alone";
  EXPECT_TRUE(Update(UpdateOf({"push"})).ok());
  EXPECT_FALSE(Get(kPool)->pool().has_push());
  EXPECT_THAT(push_services_.checked(), SizeIs(1));
}

TEST_F(PushSettingsTest, ARefusalIsPassedOnAndChangesNothing) {
  const std::string before = Make().SerializeAsString();
  const absl::Status refusal =
      errors::Error(absl::StatusCode::kFailedPrecondition,
                    errors::v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE, "no such application",
                    {{"applicationArn", kGcm}, {"code", "NotFound"}});
  push_services_.SetAnswer(refusal);
  EXPECT_EQ(Set(Push({kGcm})), refusal);
  push_services_.SetAnswer(Away());
  EXPECT_EQ(ReasonOf(Set(Push({kGcm}))), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
  EXPECT_EQ(Get(kPool)->pool().SerializeAsString(), before);
  EXPECT_EQ(Checks("refused"), 1);
  EXPECT_EQ(Checks("failed"), 1);
}

TEST_F(PushSettingsTest, AChangeOfStreamAndPushHasBothChecked) {
  Make();
  v1::UpdatePoolRequest request = UpdateOf({"stream", "push"});
  *request.mutable_pool()->mutable_stream() = Stream();
  *request.mutable_pool()->mutable_push() = Push({kGcm});
  push_services_.BeforeAnswer([this] { EXPECT_EQ(datasets_.end_positions(), 0); });
  const auto updated = Update(request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_THAT(publishers_.checked(), SizeIs(1));
  EXPECT_THAT(push_services_.checked(), SizeIs(1));
  EXPECT_EQ(updated->pool().stream().status(), v1::STREAMING_STATUS_ENABLED);
  EXPECT_EQ(updated->pool().push().application_arns(0), kGcm);
}

TEST_F(PushSettingsTest, WhatWasFoundGoodIsNotCheckedAgainAfterALostRace) {
  Make();
  ASSERT_TRUE(Set(Push({kGcm})).ok());
  push_services_.BeforeAnswer([this] {
    push_services_.BeforeAnswer(nullptr);
    Pool pool = store_.Get(kPool, absl::InfiniteFuture()).value();
    pool.settings.display_name = "meanwhile";
    ASSERT_TRUE(store_.Replace(pool, absl::InfiniteFuture()).ok());
  });
  ASSERT_TRUE(Set(Push({kApns})).ok());
  EXPECT_THAT(push_services_.checked(), SizeIs(2));
  EXPECT_EQ(Get(kPool)->pool().display_name(), "meanwhile");
}

TEST_F(PushSettingsTest, ARepeatedCreationAsksNobody) {
  v1::CreatePoolRequest request;
  request.set_request_id("q");
  *request.mutable_push() = Push({kGcm});
  const auto made = Create(request);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(push_services_.checked(),
              ElementsAre(PushToCheck{{kGcm}, kRole, made->pool().role_external_id()}));
  push_services_.SetAnswer(absl::InternalError("not to be asked"));
  const auto again = Create(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->pool().SerializeAsString(), made->pool().SerializeAsString());
}

}  // namespace
}  // namespace tidemark::stream_config
