// Pushes with the pools' roles, against the fake of AWS, which refuses messages as SNS does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/testing/fake_aws/fake_aws.h"
#include "services/publisher/domain/push_message.h"
#include "services/publisher/engine/sns_push_sender.h"

namespace tidemark::publisher {
namespace {

using fake_aws::FakeAws;
using FakeFault = fake_aws::Fault;
using ::testing::HasSubstr;

constexpr char kRole[] = "arn:aws:iam::210987654321:role/push";
constexpr char kAccount[] = "210987654321";

class SnsPushRolesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fake_ = FakeAws::Start({.keys = {base_}}).value();
    fake_->iam().PutRole({.arn = kRole, .external_id = "0af"});
    transport_ = aws::CurlTransport::Start({}).value();
    const auto endpoint = aws::Endpoint::Parse(fake_->Url()).value();
    const auto credentials = std::make_shared<aws::StaticCredentials>(base_);
    const aws::RoleCredentials::Clocks clocks{SystemClock(), BoottimeClock()};
    roles_.emplace(aws::RoleCredentials::Options{},
                   aws::StsClient("us-east-1", endpoint, *transport_, credentials, SystemClock()),
                   clocks, SystemRandom());
    sender_.emplace(aws::SnsClient("us-east-1", endpoint, *transport_, credentials, SystemClock()),
                    &*roles_, absl::Seconds(10));
  }

  // A device's endpoint in an application of the role's account.
  std::string MakeEndpoint(const std::string& platform) {
    const std::string application = fake_->sns().CreateApplication(platform, "notes", kAccount);
    std::promise<aws::PlatformEndpointResult> made;
    aws::SnsClient("us-east-1", aws::Endpoint::Parse(fake_->Url()).value(), *transport_,
                   roles_->Of(kRole, "0af"), SystemClock())
        .CreatePlatformEndpoint(
            {.application_arn = application, .token = std::string(64, 'a'), .custom_user_data = ""},
            {}, [&made](auto result) { made.set_value(std::move(result)); });
    return made.get_future().get().endpoint_arn;
  }

  PushSender::Answer Send(const std::string& endpoint_arn,
                          PushPlatform platform = PushPlatform::kGcm) {
    std::promise<PushSender::Answer> answer;
    sender_->Send(pool_, endpoint_arn,
                  PushMessageOf(platform, {.pool_id = "us-east-1:pool",
                                           .identity_id = "us-east-1:who",
                                           .dataset_name = "prefs",
                                           .sync_count = 5}),
                  [&answer](PushSender::Answer got) { answer.set_value(std::move(got)); });
    return answer.get_future().get();
  }

  const aws::Credentials base_{"AKIDBASE", Secret("base-secret"), Secret(), absl::InfiniteFuture()};
  PushPool pool_{1, "us-east-1:pool", kRole, "0af"};
  std::unique_ptr<FakeAws> fake_;
  std::unique_ptr<aws::CurlTransport> transport_;
  std::optional<aws::RoleCredentials> roles_;
  std::optional<SnsPushSender> sender_;
};

TEST_F(SnsPushRolesTest, SnsTakesTheMessagesOfAllPlatforms) {
  const std::pair<const char*, PushPlatform> kPlatforms[] = {
      {"APNS", PushPlatform::kApns},
      {"APNS_SANDBOX", PushPlatform::kApnsSandbox},
      {"GCM", PushPlatform::kGcm},
      {"ADM", PushPlatform::kAdm}};
  for (const auto& [name, platform] : kPlatforms) {
    const std::string endpoint = MakeEndpoint(name);
    const PushSender::Answer answer = Send(endpoint, platform);
    EXPECT_EQ(answer.end, PushEnd::kSent) << name << ": " << answer.error;
    const auto pushes = fake_->sns().Pushes(endpoint);
    ASSERT_EQ(pushes.size(), 1U);
    EXPECT_THAT(pushes[0].payload, HasSubstr(R"("data":{"source":"cognito-sync")"))
        << "its own entry, and not the default";
  }
}

TEST_F(SnsPushRolesTest, EndpointsThatAreOffAreToldApart) {
  const std::string disabled = MakeEndpoint("GCM");
  fake_->sns().SetEnabled(disabled, false);
  EXPECT_EQ(Send(disabled).end, PushEnd::kDisabled);
  const std::string gone = MakeEndpoint("ADM");
  fake_->sns().DeleteEndpoint(gone);
  EXPECT_EQ(Send(gone, PushPlatform::kAdm).end, PushEnd::kGone);
}

TEST_F(SnsPushRolesTest, SettingsThatAreWrongAreToldApart) {
  const std::string endpoint = MakeEndpoint("GCM");
  fake_->sns().SetEnabled(fake_->sns().Applications()[0], false);
  EXPECT_EQ(Send(endpoint).end, PushEnd::kRefused);
  fake_->sns().SetEnabled(fake_->sns().Applications()[0], true);
  pool_.role_arn = "";  // the base credentials are of another account
  EXPECT_EQ(Send(endpoint).end, PushEnd::kDenied);
}

TEST_F(SnsPushRolesTest, FailuresAreTriedAgain) {
  const std::string endpoint = MakeEndpoint("GCM");
  fake_->faults().Add(
      {.service = "sns", .operation = "Publish", .status = 429, .code = "Throttled"});
  EXPECT_EQ(Send(endpoint).end, PushEnd::kThrottled);
  fake_->faults().Add(
      {.service = "sns", .operation = "Publish", .status = 500, .code = "InternalError"});
  EXPECT_EQ(Send(endpoint).end, PushEnd::kTransient);
  fake_->faults().Add({.service = "sns", .operation = "Publish", .kind = FakeFault::Kind::kReset});
  const PushSender::Answer answer = Send(endpoint);
  EXPECT_TRUE(answer.end == PushEnd::kTransient || answer.end == PushEnd::kSent)
      << "a broken connection is tried once more by itself: " << answer.error;
  EXPECT_EQ(Send(endpoint).end, PushEnd::kSent);
}

}  // namespace
}  // namespace tidemark::publisher
