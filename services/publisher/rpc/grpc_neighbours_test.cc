#include "services/publisher/rpc/grpc_neighbours.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/pools/pool_directory.h"
#include "common/rpc/channel.h"
#include "services/publisher/rpc/destinations.h"

namespace tidemark::publisher {
namespace {

// Keeps the request.
class FakeStreamConfig final : public stream_config::v1::StreamConfigService::Service {
 public:
  grpc::Status DisableStream(grpc::ServerContext*,
                             const stream_config::v1::DisableStreamRequest* request,
                             stream_config::v1::DisableStreamResponse*) override {
    asked.set_value(*request);
    return grpc::Status::OK;
  }

  std::promise<stream_config::v1::DisableStreamRequest> asked;
};

pools::Pool StreamingPool() {
  pools::Pool pool;
  pool.set_identity_pool_id("us-east-1:1");
  pool.set_pool_number(1);
  pool.set_version(7);
  pool.mutable_stream()->set_epoch(3);
  pool.mutable_stream()->set_status(stream_config::v1::STREAMING_STATUS_ENABLED);
  return pool;
}

// Else settings that were repaired meanwhile would be turned off.
TEST(GrpcNeighboursTest, AStreamIsTurnedOffAsItWasKnown) {
  pools::PoolDirectory directory;
  directory.Replace({StreamingPool()});
  const std::vector<DestinationConfig> known = DestinationsOf(*directory.Snapshot());
  ASSERT_EQ(known.size(), 1U);

  FakeStreamConfig service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto channel = rpc::MakeChannel(absl::StrCat("127.0.0.1:", port));
  std::optional<GrpcNeighbours> neighbours;
  neighbours.emplace(channel, channel, SystemRandom());
  neighbours->TurnOff(known[0], "the role is refused");

  const stream_config::v1::DisableStreamRequest asked = service.asked.get_future().get();
  EXPECT_EQ(asked.identity_pool_id(), "us-east-1:1");
  EXPECT_EQ(asked.epoch(), 3);
  EXPECT_EQ(asked.version(), 7);
  EXPECT_EQ(asked.reason(), "the role is refused");
  // The channel must not end in the thread that handles the answer.
  neighbours.reset();
  EXPECT_EQ(channel.use_count(), 1);
}

}  // namespace
}  // namespace tidemark::publisher
