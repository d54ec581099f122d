// Sending with a role against moto, which knows nothing of our own fake.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <future>

#include "common/testing/fake_aws/kinesis_tool.h"
#include "services/publisher/engine/kinesis_sender.h"

namespace tidemark::publisher {
namespace {

using fake_aws::KinesisTool;

TEST(KinesisRolesMotoTest, WritesTheStreamOfTheRolesAccount) {
  const char* url = std::getenv("TIDEMARK_TEST_MOTO");
  ASSERT_NE(url, nullptr) << "set TIDEMARK_TEST_MOTO to moto's base URL";
  KinesisTool tool(url);
  const std::string stream = "roles-" + std::to_string(::getpid());
  ASSERT_TRUE(tool.CreateStream(stream).ok());
  const auto endpoint = aws::Endpoint::Parse(url).value();
  aws::RoleCredentials roles(
      {},
      aws::StsClient("us-east-1", endpoint, tool.transport(), tool.credentials(), SystemClock()),
      {.wall = SystemClock(), .boottime = BoottimeClock()}, SystemRandom());
  KinesisSender sender(aws::KinesisClient("us-east-1", endpoint, tool.transport(),
                                          tool.credentials(), SystemClock()),
                       &roles, absl::Seconds(10));
  const auto send = [&](const std::string& account) {
    std::promise<SendResult> promise;
    const Event event{};
    const std::string data = "data of " + account;
    const DeliveryWindow::Record record{"key", data, &event};
    sender.Send({.pool_id = "p",
                 .stream_name = stream,
                 .role_arn = "arn:aws:iam::" + account + ":role/streams",
                 .external_id = "0123456789abcdef"},
                {&record, 1}, "",
                [&promise](SendResult result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  };
  const SendResult own = send("123456789012");
  EXPECT_EQ(own.fault, Fault::kNone) << own.error;
  EXPECT_EQ(send("210987654321").fault, Fault::kStreamMissing);
  const auto records = tool.ReadAll(stream);
  ASSERT_TRUE(records.ok());
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ((*records)[0].data, "data of 123456789012");
}

}  // namespace
}  // namespace tidemark::publisher
