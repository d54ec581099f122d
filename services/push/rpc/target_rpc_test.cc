#include "services/push/rpc/target_rpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "services/push/rpc/testing/rpc_fixture.h"

namespace tidemark::push {
namespace {

using errors::ReasonOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class TargetRpcTest : public PushRpcTest {
 protected:
  // Registers a device of kIdentity, subscribed to all.
  std::string Told(const std::string& token) {
    principal_ = kIdentity;
    std::string id = Register(token).value();
    EXPECT_TRUE(SubscribeToAll(id).ok());
    principal_ = "";
    return id;
  }

  v1::ReportEndpointsRequest ReportOf(const std::string& id, std::int64_t registration,
                                      v1::EndpointState state) {
    v1::ReportEndpointsRequest request;
    v1::EndpointReport& report = *request.add_reports();
    report.set_identity_pool_id(kPool);
    report.set_identity_id(kIdentity);
    report.set_device_id(id);
    report.set_registration(registration);
    report.set_state(state);
    return request;
  }
};

TEST_F(TargetRpcTest, AnswersForEachDatasetInItsPlace) {
  const std::string one = Told("one-token");
  const std::string two = Told("another-token");
  v1::ResolveTargetsRequest request;
  AddChange(request, kIdentity, "notes", one);
  AddChange(request, kIdentity, "notes", "", kBare);
  AddChange(request, kIdentity, "notes", "", "us-east-1:ff");
  AddChange(request, kOther);
  AddChange(request, kIdentity, "other");
  const auto response = Resolve(request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->datasets_size(), 5);
  ASSERT_EQ(response->datasets(0).targets_size(), 1);
  const v1::Target& target = response->datasets(0).targets(0);
  EXPECT_EQ(target.device_id(), two);
  EXPECT_EQ(target.platform(), v1::PLATFORM_GCM);
  EXPECT_EQ(target.endpoint_arn(), "arn:aws:sns:us-east-1:123456789012:endpoint/GCM/app/13");
  EXPECT_GT(target.registration(), 0);
  for (const int place : {1, 2, 3}) EXPECT_EQ(response->datasets(place).targets_size(), 0);
  EXPECT_EQ(response->datasets(4).targets_size(), 2);
}

TEST_F(TargetRpcTest, APoolWhosePushWasTakenAwayHasNoTargets) {
  Told("token");
  v1::ResolveTargetsRequest request;
  AddChange(request, kIdentity);
  EXPECT_EQ(Resolve(request)->datasets(0).targets_size(), 1);
  directory_.Apply({PoolOf(kPool, {})}, {});
  EXPECT_EQ(Resolve(request)->datasets(0).targets_size(), 0);
}

TEST_F(TargetRpcTest, DevicesOfAnApplicationThatThePoolNoLongerHasAreLeftOut) {
  Told("token");
  v1::ResolveTargetsRequest request;
  AddChange(request, kIdentity);
  directory_.Apply({PoolOf(kPool, {kApns})}, {});
  EXPECT_EQ(Resolve(request)->datasets(0).targets_size(), 0);
  directory_.Apply({PoolOf(kPool, {kApns, kGcm})}, {});
  EXPECT_EQ(Resolve(request)->datasets(0).targets_size(), 1);
}

TEST_F(TargetRpcTest, NotesEndpointsThatAreDisabledOrGone) {
  const std::string id = Told("token");
  v1::ResolveTargetsRequest request;
  AddChange(request, kIdentity);
  const std::int64_t registration = Resolve(request)->datasets(0).targets(0).registration();
  EXPECT_TRUE(Report(ReportOf(id, registration, v1::ENDPOINT_STATE_DISABLED)).ok());
  EXPECT_EQ(List()->devices(0).state(), v1::ENDPOINT_STATE_DISABLED);
  EXPECT_EQ(Resolve(request)->datasets(0).targets_size(), 0);
  EXPECT_TRUE(Report(ReportOf(id, registration, v1::ENDPOINT_STATE_GONE)).ok());
  EXPECT_EQ(List()->devices(0).state(), v1::ENDPOINT_STATE_GONE);
  EXPECT_THAT(prometheus::TextSerializer().Serialize(registry_.Collect()),
              HasSubstr("tidemark_push_endpoints_marked_total 2"));
  Told("token");
  EXPECT_EQ(Resolve(request)->datasets(0).targets_size(), 1);
}

TEST_F(TargetRpcTest, ChecksSettingsAsTheyWouldBeUsed) {
  v1::CheckSettingsRequest request;
  request.add_application_arns(kGcm);
  request.add_application_arns(kApns);
  request.set_role_arn(kRole);
  request.set_role_external_id(kExternalId);
  principal_ = "";
  EXPECT_TRUE(Check(request).ok());
  EXPECT_THAT(endpoints_.checked,
              ElementsAre(Pair(std::string(kRole) + "|" + kExternalId, ElementsAre(kGcm, kApns))));
  endpoints_.error =
      errors::Error(absl::StatusCode::kFailedPrecondition,
                    errors::v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE, "disabled");
  EXPECT_EQ(ReasonOf(Check(request).status()),
            errors::v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE);
}

TEST_F(TargetRpcTest, IsForDevelopersAlone) {
  v1::ResolveTargetsRequest request;
  AddChange(request, kIdentity);
  EXPECT_EQ(ReasonOf(Resolve(request).status()), errors::v1::ERROR_REASON_NOT_AUTHORIZED);
  EXPECT_EQ(ReasonOf(Report(ReportOf("x", 1, v1::ENDPOINT_STATE_GONE)).status()),
            errors::v1::ERROR_REASON_NOT_AUTHORIZED);
  EXPECT_EQ(ReasonOf(Check({}).status()), errors::v1::ERROR_REASON_NOT_AUTHORIZED);
}

TEST_F(TargetRpcTest, BeforeThePoolsAreKnownItIsNotReady) {
  principal_ = "";
  pools::PoolDirectory unknown;
  prometheus::Registry registry;
  const Backend backend{store_, store_, executor_, endpoints_, datasets_, unknown, clock_};
  PushTargetRpc targets(backend, {.service = "push"}, registry);
  grpc::ServerBuilder builder;
  builder.RegisterService(&targets);
  const auto server = builder.BuildAndStart();
  const auto stub = v1::PushTargetService::NewStub(server->InProcessChannel({}));
  v1::ResolveTargetsRequest request;
  AddChange(request, kIdentity);
  EXPECT_EQ(ReasonOf(Call(*stub, &Targets::ResolveTargets, request).status()),
            errors::v1::ERROR_REASON_NOT_READY);
}

}  // namespace
}  // namespace tidemark::push
