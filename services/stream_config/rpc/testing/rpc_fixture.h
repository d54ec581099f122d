#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/executor.h"
#include "common/base/random.h"
#include "common/rpc/status.h"
#include "common/testing/eventually.h"
#include "services/stream_config/rpc/stream_config_rpc.h"
#include "services/stream_config/rpc/testing/fake_checks.h"
#include "services/stream_config/rpc/testing/fake_datasets.h"
#include "services/stream_config/store/memory_store.h"

namespace tidemark::stream_config {

// A clock that tests set.
class SettableClock final : public Clock {
 public:
  absl::Time Now() const override { return now_; }
  void Advance(absl::Duration by) { now_ += by; }

 private:
  absl::Time now_ = absl::FromUnixMillis(1'700'000'000'123);
};

// The service over a memory store, called through gRPC.
class StreamConfigRpcTest : public ::testing::Test {
 protected:
  static constexpr const char* kPool = "us-east-1:0a";
  static constexpr const char* kRole = "arn:aws:iam::123456789012:role/Writer";

  StreamConfigRpcTest() {
    EXPECT_TRUE(testing::Eventually([this] { return feed_.Ready().ok(); }));
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = v1::StreamConfigService::NewStub(server_->InProcessChannel({}));
  }

  // Calls `method` of the stub as `caller_`; the answer, or the error.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::StreamConfigService::Stub::*method)(
                                    grpc::ClientContext*, const Request&, Response*),
                                const Request& request) {
    grpc::ClientContext context;
    context.AddMetadata("x-tidemark-caller", caller_);
    context.AddMetadata("x-tidemark-principal", "us-east-1:1b");
    Response response;
    const absl::Status status = rpc::FromGrpc((stub_.get()->*method)(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  using Stub = v1::StreamConfigService::Stub;
  auto Create(const v1::CreatePoolRequest& request) { return Call(&Stub::CreatePool, request); }
  auto Update(const v1::UpdatePoolRequest& request) { return Call(&Stub::UpdatePool, request); }
  auto List(const v1::ListPoolsRequest& request) { return Call(&Stub::ListPools, request); }
  auto Delete(const v1::DeletePoolRequest& request) { return Call(&Stub::DeletePool, request); }
  auto Disable(const v1::DisableStreamRequest& request) {
    return Call(&Stub::DisableStream, request);
  }
  auto Start(const std::string& pool_id = kPool, bool again = false) {
    v1::StartBulkPublishRequest request;
    request.set_identity_pool_id(pool_id);
    request.set_again(again);
    return Call(&Stub::StartBulkPublish, request);
  }
  auto Report(const v1::ReportBulkPublishRequest& request) {
    return Call(&Stub::ReportBulkPublish, request);
  }
  // The pool's bulk publish, which can be asked for.
  v1::BulkPublish Bulk(const std::string& pool_id = kPool) {
    v1::GetBulkPublishRequest request;
    request.set_identity_pool_id(pool_id);
    const auto response = Call(&Stub::GetBulkPublish, request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->bulk_publish() : v1::BulkPublish();
  }
  absl::StatusOr<v1::GetPoolResponse> Get(const std::string& pool_id) {
    v1::GetPoolRequest request;
    request.set_identity_pool_id(pool_id);
    return Call(&Stub::GetPool, request);
  }

  // Makes a pool, which must succeed.
  v1::Pool Make(const std::string& pool_id = kPool) {
    v1::CreatePoolRequest request;
    request.set_identity_pool_id(pool_id);
    const auto response = Create(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->pool() : v1::Pool();
  }

  static v1::StreamSettings Stream(v1::StreamingStatus status = v1::STREAMING_STATUS_ENABLED) {
    v1::StreamSettings stream;
    stream.set_stream_name("changes");
    stream.set_role_arn(kRole);
    stream.set_status(status);
    return stream;
  }

  static v1::UpdatePoolRequest UpdateOf(const std::vector<std::string>& paths,
                                        const std::string& pool_id = kPool) {
    v1::UpdatePoolRequest request;
    request.mutable_pool()->set_identity_pool_id(pool_id);
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    return request;
  }

  // Sets the pool's stream, which must succeed.
  v1::Pool SetStream(const v1::StreamSettings& stream, const std::string& pool_id = kPool) {
    v1::UpdatePoolRequest request = UpdateOf({"stream"}, pool_id);
    *request.mutable_pool()->mutable_stream() = stream;
    const auto response = Update(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->pool() : v1::Pool();
  }

  static config::Keyring TestKeyring() {
    return *config::Keyring::Parse("test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
  }

  std::string caller_ = "developer";
  prometheus::Registry registry_;
  MemoryStore store_;
  FakeDatasets datasets_;
  FakePublishers publishers_;
  FakePushServices push_services_;
  SettableClock clock_;
  Executor executor_{2, 100};
  Executor dataset_executor_{1, 100};
  PoolFeed feed_{store_, {.poll_interval = absl::Milliseconds(20)}, registry_};
  StreamConfigRpc service_{{store_, feed_, datasets_, &publishers_, &push_services_, executor_,
                            dataset_executor_, clock_, SystemRandom(), TestKeyring(), "eu-west-1"},
                           {.service = "stream_config"},
                           registry_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::StreamConfigService::Stub> stub_;
};

}  // namespace tidemark::stream_config
