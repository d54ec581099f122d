#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "services/publisher/rpc/testing/rpc_fixture.h"

namespace tidemark::publisher {
namespace {

class SteeringRpcTest : public PublisherRpcTest {
 protected:
  v1::GetStatusResponse Status(const std::string& pool_id = "") {
    v1::GetStatusRequest request;
    request.set_identity_pool_id(pool_id);
    const auto response = Call(&Stub::GetStatus, request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::GetStatusResponse();
  }
  v1::DestinationStatus StatusOf(std::int32_t pool_number) {
    const v1::GetStatusResponse status = Status(IdOf(pool_number));
    EXPECT_EQ(status.destinations_size(), 1);
    return status.destinations_size() == 1 ? status.destinations(0) : v1::DestinationStatus();
  }
  absl::Status Pause(std::int32_t pool_number, const std::string& reason) {
    v1::PauseDestinationRequest request;
    request.set_identity_pool_id(IdOf(pool_number));
    request.set_reason(reason);
    return Call(&Stub::PauseDestination, request).status();
  }
  absl::Status Resume(std::int32_t pool_number) {
    v1::ResumeDestinationRequest request;
    request.set_identity_pool_id(IdOf(pool_number));
    return Call(&Stub::ResumeDestination, request).status();
  }
  // `member` tells that changes of pool 1 wait.
  void Tell(const std::string& member, std::int64_t waiting, absl::Duration age,
            const std::string& error = "", bool split_off = false) {
    store_.SetMember(member, {}, absl::InfiniteFuture());
    EXPECT_TRUE(store_
                    .Report(member, {{.destination = kOne,
                                      .waiting = waiting,
                                      .oldest_commit = absl::Now() - age,
                                      .split_off = split_off,
                                      .last_error = error}})
                    .ok());
  }
};

TEST_F(SteeringRpcTest, ADestinationThatIsUpToDateIsOn) {
  const v1::DestinationStatus status = StatusOf(1);
  EXPECT_EQ(status.identity_pool_id(), IdOf(1));
  EXPECT_EQ(status.stream_name(), "changes");
  EXPECT_EQ(status.epoch(), 3);
  EXPECT_EQ(status.state(), v1::DESTINATION_STATE_ON);
  EXPECT_EQ(status.waiting_changes(), 0);
  EXPECT_FALSE(status.has_oldest_waiting_time());
  EXPECT_EQ(Status().destinations_size(), 2);
  EXPECT_EQ(Status("us-east-1:ff").destinations_size(), 0);
}

TEST_F(SteeringRpcTest, AnyReplicaAnswersForAll) {
  view_.member = "me";
  view_.destinations[0].stats = {
      .waiting = 2, .oldest_commit = absl::FromUnixSeconds(1'700'000'005), .delivered = 40};
  Tell("me", 77, absl::Hours(2), "told a while ago");  // it knows better by now
  Tell("other", 5, absl::Hours(1), "throttled", true);
  Tell("third", 6, absl::Minutes(1));
  const v1::DestinationStatus status = StatusOf(1);
  EXPECT_EQ(status.waiting_changes(), 13);
  EXPECT_EQ(status.oldest_waiting_time().seconds(), 1'700'000'005);
  EXPECT_EQ(status.delivered_changes(), 40);
  EXPECT_EQ(status.last_error(), "throttled");
  EXPECT_TRUE(status.split_off());
  EXPECT_EQ(status.state(), v1::DESTINATION_STATE_LAGGING);
  EXPECT_EQ(StatusOf(2).state(), v1::DESTINATION_STATE_ON) << "another destination";
}

TEST_F(SteeringRpcTest, WorkThatWaitsForTenSecondsLags) {
  Tell("other", 5, absl::Seconds(1));
  EXPECT_EQ(StatusOf(1).state(), v1::DESTINATION_STATE_ON);
  Tell("other", 5, absl::Minutes(1));
  EXPECT_EQ(StatusOf(1).state(), v1::DESTINATION_STATE_LAGGING);
}

TEST_F(SteeringRpcTest, APauseIsShownUntilItIsResumed) {
  Tell("other", 5, absl::Minutes(1));
  ASSERT_TRUE(Pause(1, "moving house").ok());
  v1::DestinationStatus status = StatusOf(1);
  EXPECT_EQ(status.state(), v1::DESTINATION_STATE_PAUSED);
  EXPECT_EQ(status.pause_reason(), "moving house");
  EXPECT_EQ(status.waiting_changes(), 5) << "the lag is counted on";
  ASSERT_TRUE(Pause(1, "").ok());
  EXPECT_EQ(StatusOf(1).pause_reason(), "");
  EXPECT_EQ(StatusOf(2).state(), v1::DESTINATION_STATE_ON);
  ASSERT_TRUE(Resume(1).ok());
  ASSERT_TRUE(Resume(1).ok()) << "a no-op";
  status = StatusOf(1);
  EXPECT_EQ(status.state(), v1::DESTINATION_STATE_LAGGING);
  EXPECT_EQ(status.pause_reason(), "");
}

TEST_F(SteeringRpcTest, WhatWasLostAndParkedIsShown) {
  store_.SetGapped(kOne, 12);
  Park(kOne, 5);
  Park(kOne, 6);
  const v1::DestinationStatus status = StatusOf(1);
  EXPECT_EQ(status.state(), v1::DESTINATION_STATE_GAPPED);
  EXPECT_EQ(status.gapped_through(), 12);
  EXPECT_EQ(status.parked_changes(), 2);
  ASSERT_TRUE(store_.Discard(IdOf(1), {5}, absl::InfiniteFuture()).ok());
  EXPECT_EQ(StatusOf(1).parked_changes(), 1);
  ASSERT_TRUE(Pause(1, "").ok());
  EXPECT_EQ(StatusOf(1).state(), v1::DESTINATION_STATE_PAUSED);
  EXPECT_EQ(StatusOf(1).gapped_through(), 12);
}

TEST_F(SteeringRpcTest, OneThatIsOffSaysWhy) {
  pools::Pool pool = PoolOf(kOne);
  pool.mutable_stream()->set_disabled_reason("the stream is gone");
  directory_.Replace({pool, PoolOf(kTwo)});
  view_.destinations[0].config.enabled = false;
  ASSERT_TRUE(Pause(1, "moving house").ok());
  const v1::DestinationStatus status = StatusOf(1);
  EXPECT_EQ(status.state(), v1::DESTINATION_STATE_OFF);
  EXPECT_EQ(status.off_reason(), "the stream is gone");
  EXPECT_EQ(status.pause_reason(), "") << "with PAUSED alone";
}

TEST_F(SteeringRpcTest, MembersAreShown) {
  EXPECT_FALSE(Status().active());
  view_.member = "b";
  view_.log_shards_held = 2;
  view_.pushes_waiting = 3;
  ShardSet shards;
  shards.set(1).set(255);
  const absl::Time expiry = absl::FromUnixSeconds(1'800'000'000);
  store_.SetMember("a", ~shards, expiry);
  EXPECT_EQ(Status().log_shards_free(), 2);
  store_.SetMember("b", shards, expiry);
  const v1::GetStatusResponse status = Status();
  EXPECT_EQ(status.pushes_waiting(), 3);
  EXPECT_TRUE(status.active());
  EXPECT_EQ(status.log_shards_held(), 2);
  EXPECT_EQ(status.log_shards_free(), 0);
  ASSERT_EQ(status.members_size(), 2);
  EXPECT_EQ(status.members(0).member_id(), "a");
  EXPECT_EQ(status.members(0).log_shards_held(), 254);
  EXPECT_FALSE(status.members(0).answering());
  EXPECT_EQ(status.members(0).expire_time().seconds(), 1'800'000'000);
  EXPECT_TRUE(status.members(0).has_start_time());
  EXPECT_TRUE(status.members(1).answering());
  EXPECT_EQ(status.members(1).log_shards_held(), 2);
}

TEST_F(SteeringRpcTest, BadRequestsChangeNothing) {
  ExpectPoolChecks(&Stub::PauseDestination);
  ExpectPoolChecks(&Stub::ResumeDestination);
  ExpectViolation(Pause(1, std::string(257, 'x')), "reason", "257");
  ExpectViolation(Pause(1, "two\nlines"), "reason", "control character 10");
  EXPECT_EQ(StatusOf(1).state(), v1::DESTINATION_STATE_ON);
  EXPECT_TRUE(Pause(1, std::string(256, 'x')).ok());
  v1::GetStatusRequest request;
  request.set_identity_pool_id("POOL");
  ExpectViolation(Call(&Stub::GetStatus, request).status(), "identity_pool_id", "POOL");
  caller_ = "identity";
  EXPECT_EQ(errors::ReasonOf(Call(&Stub::GetStatus, v1::GetStatusRequest()).status()),
            errors::v1::ERROR_REASON_NOT_AUTHORIZED);
}

TEST_F(SteeringRpcTest, WithoutItsDatabaseItSaysSo) {
  store_.SetFailure(errors::Error(absl::StatusCode::kUnavailable,
                                  errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE, "gone"));
  EXPECT_EQ(errors::ReasonOf(Pause(1, "")), errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE);
  EXPECT_EQ(errors::ReasonOf(Resume(1)), errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE);
  EXPECT_EQ(errors::ReasonOf(Call(&Stub::GetStatus, v1::GetStatusRequest()).status()),
            errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE);
}

}  // namespace
}  // namespace tidemark::publisher
