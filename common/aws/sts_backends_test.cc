// The STS client against the project's own fake and moto: guards against client and fake sharing
// one wrong idea of STS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "absl/time/clock.h"
#include "common/aws/sts.h"
#include "common/testing/fake_aws/backend.h"

namespace tidemark::aws {
namespace {

using ::testing::HasSubstr;

constexpr char kRole[] = "arn:aws:iam::210987654321:role/streams";

using fake_aws::Backend;
using fake_aws::BackendAbilities;

constexpr char kWebIdentity[] = "e30.e30.e30";

class StsBackendsTest : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    transport_ = CurlTransport::Start({}).value();
    if (backend_.fake() == nullptr) return;  // moto's roles need not exist
    fake_aws::Role role;
    role.arn = kRole;
    role.external_id = "0123456789abcdef";
    role.web_identity_token = kWebIdentity;
    backend_.fake()->iam().PutRole(role);
  }

  StsClient ClientOf(Credentials credentials) {
    return {"us-east-1", Endpoint::Parse(backend_.url()).value(), *transport_,
            std::make_shared<StaticCredentials>(std::move(credentials)), SystemClock()};
  }

  CallerIdentity IdentityOf(const Credentials& credentials) {
    std::promise<CallerIdentityResult> promise;
    ClientOf(credentials).GetCallerIdentity({}, [&promise](CallerIdentityResult result) {
      promise.set_value(std::move(result));
    });
    return std::get<CallerIdentity>(promise.get_future().get());
  }

  CredentialsResult Assume(const AssumeRoleRequest& request) {
    std::promise<CredentialsResult> promise;
    ClientOf(base_).AssumeRole(request, {}, [&promise](CredentialsResult result) {
      promise.set_value(std::move(result));
    });
    return promise.get_future().get();
  }

  const Credentials base_{"test", Secret("test"), Secret(), absl::InfiniteFuture()};
  const fake_aws::RunningBackend backend_{GetParam()};
  std::unique_ptr<CurlTransport> transport_;
};

INSTANTIATE_TEST_SUITE_P(All, StsBackendsTest,
                         ::testing::ValuesIn(BackendsWith(&BackendAbilities::sts)),
                         [](const auto& info) { return fake_aws::BackendName(info.param); });

TEST_P(StsBackendsTest, AnAssumedRoleActsInItsOwnAccount) {
  EXPECT_EQ(IdentityOf(base_).account, "123456789012");
  const auto assumed = std::get<Credentials>(Assume({.role_arn = kRole,
                                                     .session_name = "tidemark",
                                                     .external_id = "0123456789abcdef",
                                                     .duration = absl::Minutes(20)}));
  const absl::Time expiry = absl::Now() + absl::Minutes(20);
  EXPECT_LT(absl::AbsDuration(assumed.expiry - expiry), absl::Minutes(1));
  EXPECT_EQ(IdentityOf(assumed).account, "210987654321");
  EXPECT_THAT(IdentityOf(assumed).arn, HasSubstr("assumed-role/streams/tidemark"));
}

TEST_P(StsBackendsTest, AnErrorIsRead) {
  const auto error = std::get<CallError>(
      Assume({.role_arn = kRole, .session_name = std::string(65, 'x'), .external_id = ""}));
  EXPECT_EQ(error.code, "ValidationError");
  EXPECT_EQ(error.error_class, ErrorClass::kPermanent);
}

TEST_P(StsBackendsTest, AWebIdentityNeedsNoSignature) {
  std::promise<CredentialsResult> promise;
  ClientOf({}).AssumeRoleWithWebIdentity(
      {.role_arn = kRole, .session_name = "tidemark", .token = Secret(kWebIdentity)}, {},
      [&promise](CredentialsResult result) { promise.set_value(std::move(result)); });
  const auto assumed = std::get<Credentials>(promise.get_future().get());
  EXPECT_EQ(IdentityOf(assumed).account, "210987654321");
}

}  // namespace
}  // namespace tidemark::aws
