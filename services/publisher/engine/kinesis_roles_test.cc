// Sending with the pools' roles, against the fake of AWS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "common/testing/fake_aws/fake_aws.h"
#include "services/publisher/engine/kinesis_sender.h"

namespace tidemark::publisher {
namespace {

using fake_aws::FakeAws;
using FakeFault = fake_aws::Fault;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kRole[] = "arn:aws:iam::210987654321:role/streams";
constexpr char kStream[] = "210987654321/changes";  // the fake's name of that account's stream

// The true time, put forward or back. Safe for concurrent use.
class ShiftedClock final : public Clock {
 public:
  explicit ShiftedClock(const Clock& clock) : clock_(clock) {}
  absl::Time Now() const override { return clock_.Now() + absl::Seconds(ahead_.load()); }
  void Shift(int seconds) { ahead_ += seconds; }

 private:
  const Clock& clock_;
  std::atomic<int> ahead_ = 0;
};

class KinesisRolesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fake_ = FakeAws::Start({.keys = {base_}}).value();
    fake_->iam().PutRole({.arn = kRole, .external_id = "0af"});
    fake_->kinesis().CreateStream(kStream);
    transport_ = aws::CurlTransport::Start({}).value();
    UseBase(base_);
  }

  void UseBase(const aws::Credentials& base) {
    const auto endpoint = aws::Endpoint::Parse(fake_->Url()).value();
    const auto credentials = std::make_shared<aws::StaticCredentials>(base);
    roles_.emplace(aws::RoleCredentials::Options{.patience = absl::Minutes(1)},
                   aws::StsClient("us-east-1", endpoint, *transport_, credentials, wall_),
                   aws::RoleCredentials::Clocks{.wall = wall_, .boottime = boottime_},
                   SystemRandom());
    sender_.emplace(aws::KinesisClient("us-east-1", endpoint, *transport_, credentials, wall_),
                    &*roles_, absl::Seconds(10));
  }

  SendResult Send() {
    std::promise<SendResult> promise;
    const Event event{};
    const DeliveryWindow::Record record{"key", "data", &event};
    sender_->Send(destination_, {&record, 1}, "",
                  [&promise](SendResult result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }

  StreamSender::Sight Look() {
    std::promise<StreamSender::Sight> promise;
    sender_->Look(destination_,
                  [&promise](StreamSender::Sight sight) { promise.set_value(sight); });
    return promise.get_future().get();
  }

  // Sends until the pause after a failure is over and AWS was asked again.
  SendResult SendAnew() {
    wall_.Shift(11);
    return Send();
  }

  void Strike(const std::string& service, const std::string& operation, int status,
              const std::string& code, int times = 1, const std::string& message = "") {
    fake_->faults().Add({.service = service,
                         .operation = operation,
                         .times = times,
                         .kind = FakeFault::Kind::kError,
                         .status = status,
                         .code = code,
                         .message = message});
  }

  // Fifteen refusals in a row over ten minutes end with this fault.
  Fault FaultInTheEnd() {
    SendResult result = Send();
    for (int i = 0; i < 14; ++i) {
      boottime_.Shift(40);
      result = SendAnew();
    }
    return result.fault;
  }

  const aws::Credentials base_{"AKIDBASE", Secret("base-secret"), Secret(), absl::InfiniteFuture()};
  DestinationConfig destination_{
      .pool_id = "p", .stream_name = "changes", .role_arn = kRole, .external_id = "0af"};
  ShiftedClock wall_{SystemClock()};
  ShiftedClock boottime_{BoottimeClock()};
  std::unique_ptr<FakeAws> fake_;
  std::unique_ptr<aws::CurlTransport> transport_;
  std::optional<aws::RoleCredentials> roles_;
  std::optional<KinesisSender> sender_;
};

TEST_F(KinesisRolesTest, WritesAStreamOfTheRolesAccountWithOneAssumption) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Send().fault, Fault::kNone);
  EXPECT_EQ(Look().state, StreamState::kReady);
  EXPECT_EQ(fake_->kinesis().Records(kStream).size(), 5u);
  EXPECT_EQ(fake_->CallsOf("sts.AssumeRole"), 1u);
}

TEST_F(KinesisRolesTest, WithoutRolesTheBaseCredentialsWrite) {
  fake_->kinesis().CreateStream("changes");
  sender_.emplace(
      aws::KinesisClient("us-east-1", aws::Endpoint::Parse(fake_->Url()).value(), *transport_,
                         std::make_shared<aws::StaticCredentials>(base_), wall_),
      nullptr, absl::Seconds(10));
  EXPECT_EQ(Send().fault, Fault::kNone);
  EXPECT_EQ(fake_->kinesis().Records("changes").size(), 1u);
  EXPECT_EQ(fake_->CallsOf("sts.AssumeRole"), 0u);
}

TEST_F(KinesisRolesTest, ARoleThatRefusesForLongIsToBeTurnedOff) {
  fake_->iam().PutRole({.arn = kRole, .external_id = "of another pool"});
  SendResult result = Send();
  EXPECT_EQ(result.fault, Fault::kCredentials);
  EXPECT_THAT(result.error, AllOf(HasSubstr("AccessDenied"), HasSubstr("changed just now")));
  EXPECT_EQ(FaultInTheEnd(), Fault::kRoleRefused);
  EXPECT_EQ(Look().state, StreamState::kUnknown);
  EXPECT_GT(fake_->CallsOf("sts.GetCallerIdentity"), 0u);
  EXPECT_EQ(fake_->CallsOf("kinesis.PutRecords"), 0u);
}

TEST_F(KinesisRolesTest, ARoleThatIsMendedInTimeWritesOn) {
  fake_->iam().DeleteRole(kRole);
  EXPECT_EQ(Send().fault, Fault::kCredentials);
  boottime_.Shift(50);
  EXPECT_EQ(SendAnew().fault, Fault::kCredentials);
  fake_->iam().PutRole({.arn = kRole});
  EXPECT_EQ(SendAnew().fault, Fault::kNone);
}

TEST_F(KinesisRolesTest, RolesThatRefuseTogetherAreNotTurnedOffUntilOneIsAssumed) {
  static constexpr char kOther[] = "arn:aws:iam::210987654321:role/others";
  fake_->iam().DeleteRole(kRole);
  const auto send_both = [this] {
    boottime_.Shift(40);
    destination_.role_arn = kOther;
    EXPECT_EQ(SendAnew().fault, Fault::kCredentials);
    destination_.role_arn = kRole;
    return Send();
  };
  send_both();
  for (int i = 0; i < 10; ++i) {
    const SendResult result = send_both();
    EXPECT_EQ(result.fault, Fault::kCredentials);
    EXPECT_THAT(result.error, HasSubstr("own AWS identity is suspected"));
  }
  fake_->iam().PutRole({.arn = kOther, .external_id = "0af"});
  destination_.role_arn = kOther;
  EXPECT_EQ(SendAnew().fault, Fault::kNone);
  destination_.role_arn = kRole;
  EXPECT_EQ(FaultInTheEnd(), Fault::kRoleRefused);
}

TEST_F(KinesisRolesTest, AStreamThatWasTurnedOffAndOnAgainHasAllItsPatience) {
  fake_->iam().DeleteRole(kRole);
  EXPECT_EQ(FaultInTheEnd(), Fault::kRoleRefused);
  sender_->Forget(destination_);
  EXPECT_EQ(Send().fault, Fault::kCredentials);
  fake_->iam().PutRole({.arn = kRole, .external_id = "0af"});
  EXPECT_EQ(SendAnew().fault, Fault::kNone);
}

TEST_F(KinesisRolesTest, AWrongBaseKeyNeverTurnsAStreamOff) {
  UseBase({"AKIDWRONG", Secret("x"), Secret(), absl::InfiniteFuture()});
  EXPECT_EQ(FaultInTheEnd(), Fault::kCredentials);
  UseBase({"AKIDBASE", Secret("wrong"), Secret(), absl::InfiniteFuture()});
  EXPECT_EQ(FaultInTheEnd(), Fault::kCredentials);
}

TEST_F(KinesisRolesTest, ABaseKeyRefusedEverywhereNeverTurnsAStreamOff) {
  Strike("sts", "AssumeRole", 403, "AccessDenied", 0);
  Strike("sts", "GetCallerIdentity", 403, "InvalidClientTokenId", 0);
  EXPECT_EQ(FaultInTheEnd(), Fault::kCredentials);
}

TEST_F(KinesisRolesTest, ThrottlesAndFailuresOfStsNeverTurnAStreamOff) {
  for (const auto& [status, code] : std::map<int, std::string>{
           {400, "Throttling"}, {500, "InternalFailure"}, {503, "ServiceUnavailable"}}) {
    fake_->faults().Clear();
    Strike("sts", "AssumeRole", status, code, 0);
    EXPECT_EQ(FaultInTheEnd(), Fault::kCredentials) << code;
  }
  fake_->faults().Clear();
  EXPECT_EQ(SendAnew().fault, Fault::kNone);
}

TEST_F(KinesisRolesTest, AMalformedRoleIsDeniedAndNotTurnedOff) {
  destination_.role_arn = "arn:aws:iam::1:role/";
  EXPECT_EQ(FaultInTheEnd(), Fault::kDenied);
  EXPECT_THAT(SendAnew().error, HasSubstr("ValidationError"));
}

TEST_F(KinesisRolesTest, ARoleWithoutThePermissionIsDeniedAndNotTurnedOff) {
  fake_->iam().PutRole({.arn = kRole, .actions = {"kinesis:DescribeStreamSummary"}});
  EXPECT_EQ(FaultInTheEnd(), Fault::kDenied);
  EXPECT_THAT(SendAnew().error, HasSubstr("AccessDenied"));
  fake_->iam().PutRole({.arn = kRole});
  EXPECT_EQ(SendAnew().fault, Fault::kNone);
}

TEST_F(KinesisRolesTest, SessionsThatEndInMidFlightAreReplaced) {
  EXPECT_EQ(Send().fault, Fault::kNone);
  EXPECT_EQ(fake_->iam().ExpireSessions(kRole), 1);
  const SendResult refused = Send();
  EXPECT_EQ(refused.fault, Fault::kCredentials);
  EXPECT_THAT(refused.error, HasSubstr("ExpiredToken"));
  EXPECT_EQ(SendAnew().fault, Fault::kNone);
  EXPECT_EQ(fake_->CallsOf("sts.AssumeRole"), 2u);
}

TEST_F(KinesisRolesTest, AStreamIsLookedAtWithTheRolesEyes) {
  fake_->kinesis().CreateStream("changes");  // the installation's own account has one too
  ASSERT_TRUE(fake_->kinesis().DeleteStream(kStream));
  EXPECT_EQ(Send().fault, Fault::kStreamMissing);
  EXPECT_EQ(Look().state, StreamState::kMissing);
  fake_->kinesis().CreateStream(kStream);
  fake_->kinesis().SetStatus(kStream, "CREATING");
  EXPECT_EQ(Look().state, StreamState::kNotYet);
}

TEST_F(KinesisRolesTest, AClockThatIsOffCostsARetryAtEachService) {
  for (const int minutes : {-20, 20}) {
    fake_->SetClockSkew(absl::Minutes(minutes));
    destination_.stream_name = "at" + std::to_string(minutes);
    fake_->kinesis().CreateStream("210987654321/" + destination_.stream_name);
    UseBase(base_);
    EXPECT_EQ(Send().fault, Fault::kCredentials) << minutes;    // STS sets its clock
    EXPECT_EQ(SendAnew().fault, Fault::kTransient) << minutes;  // Kinesis does
    EXPECT_EQ(Send().fault, Fault::kNone) << minutes;
  }
}

TEST_F(KinesisRolesTest, NoSecretIsInAnError) {
  fake_->iam().PutRole({.arn = kRole, .external_id = "of another pool"});
  EXPECT_THAT(Send().error, Not(HasSubstr("base-secret")));
  fake_->iam().PutRole({.arn = kRole, .external_id = "0af"});
  const std::string echo =
      "The request signature does not match.\n\nThe Canonical String should have been\n"
      "'POST\n/\n\nhost:x\nx-amz-security-token:session-token\n'";
  Strike("sts", "AssumeRole", 403, "SignatureDoesNotMatch", 1, echo);
  Strike("kinesis", "PutRecords", 400, "InvalidSignatureException", 1, echo);
  for (const char* code : {"SignatureDoesNotMatch", "InvalidSignatureException"}) {
    EXPECT_THAT(SendAnew().error, AllOf(HasSubstr(code), HasSubstr("does not match."),
                                        Not(HasSubstr("session-token"))));
  }
}

}  // namespace
}  // namespace tidemark::publisher
