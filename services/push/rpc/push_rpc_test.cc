#include "services/push/rpc/push_rpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "absl/strings/str_cat.h"
#include "common/obs/log.h"
#include "services/push/rpc/testing/rpc_fixture.h"

namespace tidemark::push {
namespace {

using errors::ReasonOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(PushRpcTest, RegistersADeviceWithTheApplicationOfItsPlatform) {
  const std::string id = Register("token").value();
  const std::vector<WantedEndpoint> asked = endpoints_.asked();
  ASSERT_THAT(asked, SizeIs(1));
  EXPECT_EQ(asked[0].application_arn, kGcm);
  EXPECT_EQ(asked[0].token, "token");
  EXPECT_EQ(asked[0].known_arn, "");
  EXPECT_EQ(asked[0].access.role_arn, kRole);
  EXPECT_EQ(asked[0].access.external_id, kExternalId);
  EXPECT_EQ(asked[0].user_data, absl::StrCat(kPool, "/", kIdentity));

  const auto devices = List();
  ASSERT_EQ(devices->devices_size(), 1);
  const v1::Device& device = devices->devices(0);
  EXPECT_EQ(device.device_id(), id);
  EXPECT_EQ(device.platform(), v1::PLATFORM_GCM);
  EXPECT_EQ(device.endpoint_arn(), "arn:aws:sns:us-east-1:123456789012:endpoint/GCM/app/5");
  EXPECT_EQ(device.state(), v1::ENDPOINT_STATE_ENABLED);
  EXPECT_FALSE(device.subscribed_to_all());
  EXPECT_EQ(device.registration_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
}

TEST_F(PushRpcTest, TheSameDeviceAgainIsTheSameAndItsEndpointIsRenewed) {
  const std::string id = Register().value();
  clock_.passed = absl::Hours(1);
  EXPECT_EQ(Register().value(), id);
  EXPECT_EQ(endpoints_.asked().back().known_arn,
            "arn:aws:sns:us-east-1:123456789012:endpoint/GCM/app/5");
  const auto devices = List();
  EXPECT_EQ(devices->devices(0).last_registration_time().seconds() -
                devices->devices(0).registration_time().seconds(),
            3600);
  // Not that of another application: the pool's may have changed.
  directory_.Apply({PoolOf(kPool, {"arn:aws:sns:us-east-1:123456789012:app/GCM/other"})}, {});
  EXPECT_EQ(Register().value(), id);
  EXPECT_EQ(endpoints_.asked().back().known_arn, "");
  EXPECT_NE(Register("another").value(), id);
}

TEST_F(PushRpcTest, ATokenMovesWithTheIdentityThatRegistersIt) {
  const std::string mine = Register().value();
  principal_ = kOther;
  const std::string theirs = Register("token", kOther).value();
  EXPECT_NE(theirs, mine);
  principal_ = kIdentity;
  EXPECT_EQ(List()->devices_size(), 0);
  EXPECT_EQ(ReasonOf(SubscribeToAll(mine)), errors::v1::ERROR_REASON_DEVICE_NOT_FOUND);
}

TEST_F(PushRpcTest, WhatSnsSaysReachesTheCallerAndNothingIsKept) {
  endpoints_.error = errors::Error(absl::StatusCode::kFailedPrecondition,
                                   errors::v1::ERROR_REASON_ROLE_NOT_USABLE, "the role may not");
  EXPECT_EQ(ReasonOf(Register().status()), errors::v1::ERROR_REASON_ROLE_NOT_USABLE);
  EXPECT_EQ(List()->devices_size(), 0);
  endpoints_.error = absl::OkStatus();
  EXPECT_TRUE(Register().ok());
  const std::string text = prometheus::TextSerializer().Serialize(registry_.Collect());
  EXPECT_THAT(text, HasSubstr(R"(registrations_total{outcome="refused"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(registrations_total{outcome="new"} 1)"));
}

TEST_F(PushRpcTest, WithoutRoomNoEndpointIsMade) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Register(absl::StrCat("t", i)).ok());
  const std::size_t asked = endpoints_.asked().size();
  const absl::Status full = Register("one-more").status();
  EXPECT_EQ(ReasonOf(full), errors::v1::ERROR_REASON_LIMIT_EXCEEDED);
  EXPECT_EQ(errors::MetadataOf(full, "limit"), "devices");
  EXPECT_THAT(endpoints_.asked(), SizeIs(asked));
  EXPECT_TRUE(Register("t7").ok());
}

TEST_F(PushRpcTest, AReportThatArrivesWhileADeviceRegistersAgainDoesNotDisableIt) {
  const std::string id = Register().value();
  ASSERT_TRUE(SubscribeToAll(id).ok());
  principal_ = "";
  v1::ResolveTargetsRequest request;
  AddChange(request, kIdentity);
  const v1::Target target = Resolve(request)->datasets(0).targets(0);
  const EndpointReport report{{IdentityKey::Of(kPool, kIdentity), id},
                              Registration(target.registration()),
                              EndpointState::kDisabled};
  // It comes after SNS enabled the endpoint and before the device is written, and once more after.
  endpoints_.before_answer = [&] {
    EXPECT_EQ(store_.Report({report}, absl::InfiniteFuture()).value(), 1);
  };
  principal_ = kIdentity;
  EXPECT_TRUE(Register().ok());
  EXPECT_EQ(List()->devices(0).state(), v1::ENDPOINT_STATE_ENABLED);
  EXPECT_EQ(store_.Report({report}, absl::InfiniteFuture()).value(), 0);
  EXPECT_EQ(List()->devices(0).state(), v1::ENDPOINT_STATE_ENABLED);
}

TEST_F(PushRpcTest, SubscribingNeedsADatasetThatExists) {
  const std::string id = Register().value();
  EXPECT_EQ(ReasonOf(Subscribe(id, "unheard-of")), errors::v1::ERROR_REASON_DATASET_NOT_FOUND);
  EXPECT_TRUE(Subscribe(id, "notes").ok());
  EXPECT_TRUE(Subscribe(id, "notes").ok());
  EXPECT_THAT(datasets_.principals, ElementsAre(kIdentity));
  EXPECT_THAT(List()->devices(0).subscribed_dataset_names(), ElementsAre("notes"));
  datasets_.error = errors::Error(absl::StatusCode::kUnavailable,
                                  errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE, "away");
  EXPECT_EQ(ReasonOf(Subscribe(id)), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
}

TEST_F(PushRpcTest, UnsubscribingWhatIsNotSubscribedIsSaid) {
  const std::string id = Register().value();
  ASSERT_TRUE(Subscribe(id).ok());
  datasets_.names.clear();  // deleted since
  EXPECT_TRUE(Unsubscribe(id).ok());
  const absl::Status again = Unsubscribe(id);
  EXPECT_EQ(again.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(again), errors::v1::ERROR_REASON_SUBSCRIPTION_NOT_FOUND);
  EXPECT_EQ(errors::MetadataOf(again, "deviceId"), id);
  EXPECT_EQ(errors::MetadataOf(again, "datasetName"), "notes");
}

TEST_F(PushRpcTest, SubscribedToAllListsWhatWasLeftSince) {
  const std::string id = Register().value();
  ASSERT_TRUE(Subscribe(id).ok());
  ASSERT_TRUE(SubscribeToAll(id).ok());
  v1::Device device = List()->devices(0);
  EXPECT_TRUE(device.subscribed_to_all());
  EXPECT_THAT(device.subscribed_dataset_names(), IsEmpty());
  EXPECT_THAT(device.unsubscribed_dataset_names(), IsEmpty());
  ASSERT_TRUE(Unsubscribe(id, "notes").ok());
  ASSERT_TRUE(Unsubscribe(id, "later").ok());
  device = List()->devices(0);
  EXPECT_THAT(device.unsubscribed_dataset_names(), ElementsAre("later", "notes"));
}

TEST_F(PushRpcTest, DeregisteringForgetsTheDeviceAndDeletesItsEndpoint) {
  const std::string id = Register().value();
  endpoints_.error = absl::UnavailableError("SNS is away");  // which changes nothing
  EXPECT_TRUE(Deregister(id).ok());
  EXPECT_THAT(endpoints_.deleted,
              ElementsAre("arn:aws:sns:us-east-1:123456789012:endpoint/GCM/app/5"));
  EXPECT_EQ(List()->devices_size(), 0);
  EXPECT_EQ(ReasonOf(Deregister(id)), errors::v1::ERROR_REASON_DEVICE_NOT_FOUND);
}

TEST_F(PushRpcTest, OfAPoolWhosePushWasTakenAwayDevicesCanStillBeForgotten) {
  const std::string id = Register().value();
  directory_.Apply({PoolOf(kPool, {})}, {});
  EXPECT_EQ(ReasonOf(Register().status()), errors::v1::ERROR_REASON_PUSH_NOT_CONFIGURED);
  EXPECT_EQ(ReasonOf(Subscribe(id)), errors::v1::ERROR_REASON_PUSH_NOT_CONFIGURED);
  EXPECT_EQ(ReasonOf(Unsubscribe(id)), errors::v1::ERROR_REASON_PUSH_NOT_CONFIGURED);
  EXPECT_EQ(ReasonOf(SubscribeToAll(id)), errors::v1::ERROR_REASON_PUSH_NOT_CONFIGURED);
  EXPECT_EQ(List()->devices_size(), 1);
  EXPECT_TRUE(Deregister(id).ok());
  EXPECT_THAT(endpoints_.deleted, IsEmpty());  // nobody knows as whom to ask
}

TEST_F(PushRpcTest, OnlyAnIdentityRegistersAndSubscribesItsDevices) {
  const std::string id = Register().value();
  const auto refused = [](const absl::Status& status) {
    return status.code() == absl::StatusCode::kPermissionDenied &&
           ReasonOf(status) == errors::v1::ERROR_REASON_NOT_AUTHORIZED;
  };
  for (const char* const caller : {"", kOther}) {
    principal_ = caller;
    EXPECT_TRUE(refused(Register().status())) << caller;
    EXPECT_TRUE(refused(Subscribe(id))) << caller;
    EXPECT_TRUE(refused(Unsubscribe(id))) << caller;
  }
  // What Amazon lacks is for developers too, and for nobody else.
  EXPECT_TRUE(refused(SubscribeToAll(id)));
  EXPECT_TRUE(refused(List().status()));
  EXPECT_TRUE(refused(Deregister(id)));
  principal_ = "";
  EXPECT_TRUE(SubscribeToAll(id).ok());
  EXPECT_EQ(List()->devices_size(), 1);
  EXPECT_EQ(List(kOther)->devices_size(), 0);
  EXPECT_TRUE(Deregister(id).ok());
}

TEST_F(PushRpcTest, NoTokenIsLogged) {
  std::string logged;
  {
    const obs::ScopedLogSink sink([&](std::string_view line) { logged.append(line); });
    EXPECT_TRUE(Register("hush-hush-hush").ok());
    EXPECT_FALSE(Register("hush-hush\x01").ok());
    EXPECT_FALSE(Register("hush-hush-hush", kIdentity, v1::PLATFORM_APNS).ok());
    endpoints_.error = absl::InternalError("broken");
    EXPECT_FALSE(Register("hush-hush-hush").ok());
  }
  EXPECT_THAT(logged, HasSubstr("RegisterDevice"));
  EXPECT_THAT(logged, Not(HasSubstr("hush")));
}

}  // namespace
}  // namespace tidemark::push
