// What is asked of others before a stream is enabled, and in which order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "common/errors/error.h"
#include "common/errors/violations.h"
#include "common/testing/eventually.h"
#include "services/stream_config/rpc/testing/rpc_fixture.h"

namespace tidemark::stream_config {
namespace {

using errors::ReasonOf;
using ::testing::ElementsAre;
using testing::Eventually;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EnablingTest : public StreamConfigRpcTest {
 protected:
  absl::Status TryToEnable(const std::string& name = "changes") {
    v1::UpdatePoolRequest request = UpdateOf({"stream"});
    *request.mutable_pool()->mutable_stream() = Stream();
    request.mutable_pool()->mutable_stream()->set_stream_name(name);
    return Update(request).status();
  }
  absl::StatusOr<v1::UpdatePoolResponse> Resume() {
    v1::UpdatePoolRequest request = UpdateOf({"stream.status"});
    request.mutable_pool()->mutable_stream()->set_status(v1::STREAMING_STATUS_ENABLED);
    request.set_resume_stream(true);
    return Update(request);
  }
  double Checks(const std::string& outcome) {
    for (const auto& family : registry_.Collect()) {
      if (family.name != "tidemark_stream_config_stream_checks_total") continue;
      for (const auto& metric : family.metric) {
        if (metric.label.at(0).value == outcome) return metric.counter.value;
      }
    }
    return -1;
  }
};

TEST_F(EnablingTest, AsksWithThePoolsRoleAndExternalId) {
  const std::string external_id = Make().role_external_id();
  SetStream(Stream());
  EXPECT_THAT(publishers_.checked(), ElementsAre(StreamToCheck{"changes", kRole, external_id}));
  EXPECT_EQ(Checks("ok"), 1);
}

TEST_F(EnablingTest, APoolThatIsMadeWithAStreamIsAskedForByItsOwnExternalId) {
  v1::CreatePoolRequest request;
  request.set_request_id("q");
  *request.mutable_stream() = Stream();
  const auto made = Create(request);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(publishers_.checked(),
              ElementsAre(StreamToCheck{"changes", kRole, made->pool().role_external_id()}));
  // A retry asks nobody: it has no external id that a role could know.
  publishers_.SetAnswer(absl::InternalError("not to be asked"));
  const auto again = Create(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->pool().SerializeAsString(), made->pool().SerializeAsString());
  EXPECT_EQ(datasets_.end_positions(), 1);
}

TEST_F(EnablingTest, WhatIsNotEnabledIsNotChecked) {
  Make();
  SetStream(Stream(v1::STREAMING_STATUS_DISABLED));
  v1::UpdatePoolRequest request = UpdateOf({"stream.stream_name"});
  request.mutable_pool()->mutable_stream()->set_stream_name("other");
  EXPECT_TRUE(Update(request).ok());
  EXPECT_THAT(publishers_.checked(), IsEmpty());
  SetStream(Stream());
  EXPECT_TRUE(Update(request).ok());  // its name changes while it is on
  EXPECT_TRUE(Update(UpdateOf({"display_name"})).ok());
  EXPECT_TRUE(Update(UpdateOf({"stream"})).ok());
  EXPECT_THAT(publishers_.checked(), SizeIs(2));
}

TEST_F(EnablingTest, ARefusalIsPassedOnAndChangesNothing) {
  const std::string before = Make().SerializeAsString();
  const absl::Status refusal = errors::Error(
      absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STREAM_NOT_FOUND,
      "no such stream; create it", {{"streamName", "changes"}});
  publishers_.SetAnswer(refusal);
  EXPECT_EQ(TryToEnable(), refusal);
  EXPECT_EQ(Get(kPool)->pool().SerializeAsString(), before);
  EXPECT_EQ(datasets_.end_positions(), 0);
  EXPECT_EQ(Checks("refused"), 1);
  publishers_.SetAnswer(errors::Error(absl::StatusCode::kUnavailable,
                                      errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE, "away"));
  EXPECT_EQ(ReasonOf(TryToEnable()), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
  EXPECT_EQ(Checks("failed"), 1);
}

// Else what is committed while the stream is checked would lie below the start, or not, by chance.
TEST_F(EnablingTest, ThePositionIsReadAfterTheCheckAndBeforeTheCommit) {
  Make();
  publishers_.BeforeAnswer([this] {
    EXPECT_EQ(datasets_.end_positions(), 0);
    datasets_.SetEnd(2000);
  });
  datasets_.BeforeEndPosition([this] {
    EXPECT_FALSE(store_.Get(kPool, absl::InfiniteFuture())->settings.stream.has_value());
  });
  EXPECT_EQ(SetStream(Stream()).stream().start_position(), 2000);
}

TEST_F(EnablingTest, WhatWasFoundGoodIsNotCheckedAgainAfterALostRace) {
  Make();
  publishers_.BeforeAnswer([this] {
    Pool pool = store_.Get(kPool, absl::InfiniteFuture()).value();
    pool.settings.display_name = "meanwhile";
    ASSERT_TRUE(store_.Replace(pool, absl::InfiniteFuture()).ok());
  });
  EXPECT_EQ(SetStream(Stream()).display_name(), "meanwhile");
  EXPECT_THAT(publishers_.checked(), SizeIs(1));
}

TEST_F(EnablingTest, AnotherStreamThanTheOneFoundGoodIsCheckedToo) {
  Make();
  SetStream(Stream(v1::STREAMING_STATUS_DISABLED));
  publishers_.BeforeAnswer([this] {
    Pool pool = store_.Get(kPool, absl::InfiniteFuture()).value();
    pool.settings.stream->stream_name = "other";
    ASSERT_TRUE(store_.Replace(pool, absl::InfiniteFuture()).ok());
  });
  v1::UpdatePoolRequest request = UpdateOf({"stream.status"});
  request.mutable_pool()->mutable_stream()->set_status(v1::STREAMING_STATUS_ENABLED);
  const auto enabled = Update(request);
  ASSERT_TRUE(enabled.ok()) << enabled.status();
  const auto checked = publishers_.checked();
  ASSERT_THAT(checked, SizeIs(2));
  EXPECT_EQ(checked[0].stream_name, "changes");
  EXPECT_EQ(checked[1].stream_name, "other");
  EXPECT_EQ(enabled->pool().stream().stream_name(), "other");
}

// The fixture has one thread for calls that enable streams.
TEST_F(EnablingTest, ChecksThatTakeLongHoldNoThread) {
  publishers_.Hold();
  std::vector<std::future<v1::Pool>> waiting;
  for (const char* id : {"r:1", "r:2", "r:3", "r:4"}) {
    Make(id);
    waiting.push_back(
        std::async(std::launch::async, [this, id] { return SetStream(Stream(), id); }));
  }
  EXPECT_TRUE(Eventually([this] { return publishers_.checked().size() == 4; }));
  SetStream(Stream(v1::STREAMING_STATUS_DISABLED), "r:1");  // needs that thread
  publishers_.Release();
  for (auto& pool : waiting) {
    EXPECT_EQ(pool.get().stream().status(), v1::STREAMING_STATUS_ENABLED);
  }
}

TEST_F(EnablingTest, WithoutThoseWhoLookNothingIsChecked) {
  prometheus::Registry registry;
  StreamConfigRpc service({store_, feed_, datasets_, nullptr, nullptr, executor_, dataset_executor_,
                           clock_, SystemRandom(), TestKeyring(), "eu-west-1"},
                          {.service = "stream_config"}, registry);
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  stub_ = v1::StreamConfigService::NewStub(server->InProcessChannel({}));
  Make();
  SetStream(Stream());
  v1::UpdatePoolRequest request = UpdateOf({"push"});
  request.mutable_pool()->mutable_push()->add_application_arns(
      "arn:aws:sns:eu-west-1:1:app/GCM/notes");
  EXPECT_TRUE(Update(request).ok());
  EXPECT_THAT(publishers_.checked(), IsEmpty());
  EXPECT_THAT(push_services_.checked(), IsEmpty());
}

TEST_F(EnablingTest, AResumedStreamGoesOnFromWhereItStopped) {
  Make();
  const v1::Pool first = SetStream(Stream());
  v1::UpdatePoolRequest off = UpdateOf({"stream.status"});
  off.mutable_pool()->mutable_stream()->set_status(v1::STREAMING_STATUS_DISABLED);
  ASSERT_TRUE(Update(off).ok());
  datasets_.SetEnd(2000);
  datasets_.SetAway(true);  // it is not asked
  clock_.Advance(absl::Seconds(1));
  const auto resumed = Resume();
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  v1::StreamSettings expected = first.stream();
  expected.mutable_enabled_time()->set_seconds(first.stream().enabled_time().seconds() + 1);
  EXPECT_EQ(resumed->pool().stream().SerializeAsString(), expected.SerializeAsString());
  EXPECT_THAT(publishers_.checked(), SizeIs(2));
}

TEST_F(EnablingTest, AResumptionThatCannotBeSaysWhy) {
  Make();
  SetStream(Stream());
  const auto violations = errors::ViolationsOf(Resume().status());
  ASSERT_THAT(violations, SizeIs(1));
  EXPECT_EQ(violations[0].field, "resume_stream");
  EXPECT_THAT(violations[0].description, ::testing::HasSubstr("ENABLED already"));
}

}  // namespace
}  // namespace tidemark::stream_config
