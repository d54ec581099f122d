#include "common/rpc/server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "common/errors/error.h"
#include "common/rpc/testing/echo_fixture.h"
#include "common/rpc/testing/health_service.grpc.pb.h"

namespace tidemark::rpc {
namespace {

using ServerTest = testing::EchoTest;
using grpc::health::v1::HealthCheckResponse;
using ::tidemark::testing::Eventually;

HealthCheckResponse::ServingStatus Health(const std::string& target) {
  grpc::ClientContext context;
  SetTimeout(context, absl::Seconds(30));
  HealthCheckResponse response;
  const grpc::Status status =
      grpc::health::v1::Health::NewStub(MakeChannel(target))->Check(&context, {}, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.status();
}

TEST_F(ServerTest, HealthSaysNotServingUntilToldOtherwise) {
  EXPECT_EQ(Health(Target()), HealthCheckResponse::NOT_SERVING);
  server_->SetServing(true);
  EXPECT_EQ(Health(Target()), HealthCheckResponse::SERVING);
  server_->SetServing(false);
  EXPECT_EQ(Health(Target()), HealthCheckResponse::NOT_SERVING);
}

TEST_F(ServerTest, WatchersOfHealthHearEachChange) {
  grpc::ClientContext context;
  auto stub = grpc::health::v1::Health::NewStub(MakeChannel(Target()));
  auto reader = stub->Watch(&context, {});
  HealthCheckResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  server_->SetServing(true);
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  context.TryCancel();
}

TEST_F(ServerTest, APortInUseIsAnError) {
  RpcServer::Options options;
  options.listen.port = server_->port();
  EXPECT_EQ(RpcServer::Start(options, {}).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ServerTest, AMessageAboveTheBoundIsRefused) {
  grpc::ClientContext small;
  EXPECT_TRUE(Echo(small, std::string(kMiB - 100, 'x')).ok());
  grpc::ClientContext large;
  EXPECT_EQ(Echo(large, std::string(kMiB + 1, 'x')).code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(ServerTest, DrainingLetsCallsInFlightEndAndTakesNoNewOnes) {
  std::promise<Done> held;
  echo_.echo = [&](const Call&, const Done& done) { held.set_value(done); };
  server_->SetServing(true);
  auto status = std::async([&] { return Echo(); });
  const Done done = held.get_future().get();

  auto drained = std::async([&] { server_->Drain(absl::ZeroDuration(), absl::Seconds(60)); });
  EXPECT_TRUE(Eventually([&] {  // a new connection is refused
    grpc::ClientContext context;
    const auto stub = testing::v1::EchoService::NewStub(MakeChannel(Target()));
    testing::v1::BlockResponse response;
    return stub->Block(&context, {}, &response).error_code() == grpc::StatusCode::UNAVAILABLE;
  }));
  EXPECT_EQ(drained.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  done(absl::OkStatus());
  EXPECT_TRUE(status.get().ok());
  drained.get();
}

TEST_F(ServerTest, WhileDrainingWithDelayItServesButSaysNo) {
  server_->SetServing(true);
  const auto channel = MakeChannel(Target());
  auto drained = std::async([&] { server_->Drain(absl::Seconds(2), absl::Seconds(60)); });
  EXPECT_TRUE(Eventually([&] { return Health(Target()) == HealthCheckResponse::NOT_SERVING; }));
  EXPECT_TRUE(Echo().ok());
  drained.get();
}

TEST_F(ServerTest, CallsThatOutlastTheGraceAreCancelled) {
  std::promise<void> began;
  std::thread worker;
  echo_.echo = [&](const Call& call, const Done& done) {
    worker = std::thread([&call, done] {
      EXPECT_TRUE(Eventually([&] { return call.Cancelled(); }));
      done(absl::OkStatus());
    });
    began.set_value();
  };
  auto status = std::async([&] { return Echo(); });
  began.get_future().wait();
  server_->Drain(absl::ZeroDuration(), absl::Milliseconds(10));
  EXPECT_FALSE(status.get().ok());
  worker.join();
}

TEST_F(ServerTest, DrainingEndsStreamsThatWouldGoOnForEver) {
  std::promise<StreamWriter<testing::v1::WatchResponse>> started;
  echo_.watch = [&](const Call&, StreamWriter<testing::v1::WatchResponse> writer) {
    started.set_value(std::move(writer));
  };
  grpc::ClientContext context;
  const auto reader = stub_->Watch(&context, {});
  const auto writer = started.get_future().get();
  grpc::ClientContext health_context;
  const auto health =
      grpc::health::v1::Health::NewStub(MakeChannel(Target()))->Watch(&health_context, {});
  server_->Drain(absl::ZeroDuration(), absl::Hours(1));
  EXPECT_TRUE(writer.over());
  EXPECT_EQ(errors::ReasonOf(FromGrpc(reader->Finish())), errors::v1::ERROR_REASON_NOT_READY);
  health_context.TryCancel();
}

TEST_F(ServerTest, DrainingDoesNotWaitForIdleClients) {
  ASSERT_TRUE(Echo().ok());
  server_->Drain(absl::ZeroDuration(), absl::Hours(1));
}

TEST_F(ServerTest, ClientsThatHeedHealthLeaveOutWhoDoesNotServe) {
  ChannelOptions options;
  options.heed_health = true;
  stub_ = testing::v1::EchoService::NewStub(MakeChannel(Target(), options));
  EXPECT_EQ(Echo().code(), absl::StatusCode::kUnavailable);
  server_->SetServing(true);
  EXPECT_TRUE(Eventually([&] { return Echo().ok(); }));
  server_->SetServing(false);
  EXPECT_TRUE(Eventually([&] { return !Echo().ok(); }));
}

TEST_F(ServerTest, DrainingUnderLoadBreaksNoCall) {
  std::atomic<int> answered = 0;
  std::atomic<int> broken = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      while (true) {
        const absl::Status status = Echo();
        if (status.ok()) {
          ++answered;
        } else {
          if (status.code() != absl::StatusCode::kUnavailable) ++broken;
          return;
        }
      }
    });
  }
  EXPECT_TRUE(Eventually([&] { return answered > 200; }));
  server_->Drain(absl::ZeroDuration(), absl::Seconds(60));
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(broken, 0);
  // Every call that began on the server ended there as OK: none was cut off.
  const char* method = testing::kEchoMethod;
  EXPECT_EQ(Metric("rpcs_total", {{"method", method}, {"code", "OK"}}), answered);
  EXPECT_EQ(Metric("rpcs_total", {{"method", method}, {"code", "CANCELLED"}}), 0);
  EXPECT_EQ(Metric("rpcs_in_flight", {{"method", method}}), 0);
}

TEST_F(ServerTest, AClientFindsARestartedServerSoon) {
  ASSERT_TRUE(Echo().ok());
  RpcServer::Options options;
  options.listen.port = server_->port();
  server_.reset();
  EXPECT_EQ(Echo().code(), absl::StatusCode::kUnavailable);
  server_ = RpcServer::Start(options, {&echo_}).value();
  EXPECT_TRUE(Eventually([&] { return Echo().ok(); }));
}

// Asks by hand, for no library has the client's part.
TEST_F(ServerTest, ReflectionNamesTheServices) {
  constexpr char kListServices[] = {0x3a, 0x00};  // ServerReflectionRequest.list_services: ""
  const grpc::Slice slice(kListServices, sizeof(kListServices));
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto await = [&queue](std::intptr_t expected) {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok && tag == reinterpret_cast<void*>(expected);
  };
  const auto call =
      grpc::GenericStub(MakeChannel(Target()))
          .PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                       &queue);
  call->StartCall(reinterpret_cast<void*>(1));
  ASSERT_TRUE(await(1));
  call->Write(request, reinterpret_cast<void*>(2));
  ASSERT_TRUE(await(2));
  call->Read(&response, reinterpret_cast<void*>(3));
  ASSERT_TRUE(await(3));
  grpc::Slice answer;
  ASSERT_TRUE(response.DumpToSingleSlice(&answer).ok());
  EXPECT_THAT(std::string(answer.begin(), answer.end()),
              ::testing::HasSubstr("tidemark.rpc.testing.v1.EchoService"));
  context.TryCancel();
}

}  // namespace
}  // namespace tidemark::rpc
