#include "common/rpc/client.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>

#include "common/errors/error.h"
#include "common/rpc/testing/echo_fixture.h"

namespace tidemark::rpc::testing {
namespace {

using EchoClient = Client<v1::EchoService>;

class ClientTest : public EchoTest {
 protected:
  std::future<absl::StatusOr<v1::EchoResponse>> Begin(const std::string& text) {
    v1::EchoRequest request;
    request.set_text(text);
    auto answer = std::make_shared<std::promise<absl::StatusOr<v1::EchoResponse>>>();
    client_->Begin(
        &EchoClient::Async::Echo, std::move(request),
        [](grpc::ClientContext& context) { SetTimeout(context, absl::Seconds(30)); },
        [answer](absl::StatusOr<v1::EchoResponse> response) {
          answer->set_value(std::move(response));
        });
    return answer->get_future();
  }

  std::shared_ptr<grpc::Channel> channel_ = MakeChannel(Target());
  std::optional<EchoClient> client_{channel_};
};

TEST_F(ClientTest, HandsOnAnswersAndErrors) {
  EXPECT_EQ(Begin("hello").get()->text(), "hello");
  echo_.echo = [](const Call&, const Done& done) {
    done(errors::Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONCURRENT_CHANGE,
                       "not now"));
  };
  EXPECT_EQ(errors::ReasonOf(Begin("hello").get().status()),
            errors::v1::ERROR_REASON_CONCURRENT_CHANGE);
}

TEST_F(ClientTest, AClientThatGoesEndsItsCallsAndLeavesNothingOfThem) {
  std::promise<Done> asked;
  echo_.echo = [&asked](const Call&, const Done& done) { asked.set_value(done); };
  auto answer = Begin("never answered");
  const Done finish = asked.get_future().get();
  client_.reset();
  EXPECT_EQ(channel_.use_count(), 1);
  ASSERT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_FALSE(answer.get().ok());
  finish(absl::OkStatus());
}

TEST_F(ClientTest, AClientThatGoesWaitsForTheCallbackThatRuns) {
  // `done` is called before the call lets go of the channel.
  for (int i = 0; i < 100; ++i) {
    client_.emplace(channel_);
    auto answer = Begin("hello");
    EXPECT_TRUE(answer.get().ok());
    client_.reset();
    EXPECT_EQ(channel_.use_count(), 1);
  }
}

}  // namespace
}  // namespace tidemark::rpc::testing
