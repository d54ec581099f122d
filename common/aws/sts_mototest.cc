// The STS client against moto, which knows nothing of our own fake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "absl/time/clock.h"
#include "common/aws/sts.h"

namespace tidemark::aws {
namespace {

using ::testing::HasSubstr;

constexpr char kRole[] = "arn:aws:iam::210987654321:role/streams";

class StsMotoTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* url = std::getenv("TIDEMARK_TEST_MOTO");
    ASSERT_NE(url, nullptr) << "set TIDEMARK_TEST_MOTO to moto's base URL";
    url_ = url;
    transport_ = CurlTransport::Start({}).value();
  }

  StsClient ClientOf(Credentials credentials) {
    return {"us-east-1", Endpoint::Parse(url_).value(), *transport_,
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
  std::string url_;
  std::unique_ptr<CurlTransport> transport_;
};

TEST_F(StsMotoTest, AnAssumedRoleActsInItsOwnAccount) {
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

TEST_F(StsMotoTest, AnErrorIsRead) {
  const auto error = std::get<CallError>(
      Assume({.role_arn = kRole, .session_name = std::string(65, 'x'), .external_id = ""}));
  EXPECT_EQ(error.code, "ValidationError");
  EXPECT_EQ(error.error_class, ErrorClass::kPermanent);
}

TEST_F(StsMotoTest, AWebIdentityNeedsNoSignature) {
  std::promise<CredentialsResult> promise;
  ClientOf({}).AssumeRoleWithWebIdentity(
      {.role_arn = kRole, .session_name = "tidemark", .token = Secret("e30.e30.e30")}, {},
      [&promise](CredentialsResult result) { promise.set_value(std::move(result)); });
  const auto assumed = std::get<Credentials>(promise.get_future().get());
  EXPECT_EQ(IdentityOf(assumed).account, "210987654321");
}

}  // namespace
}  // namespace tidemark::aws
