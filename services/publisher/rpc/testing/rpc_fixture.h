#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/executor.h"
#include "common/errors/error.h"
#include "common/rpc/status.h"
#include "services/publisher/rpc/publisher_rpc.h"
#include "services/publisher/store/memory_steering.h"

namespace tidemark::publisher {

// Finds no stream.
class NoStreams final : public StreamCheck {
 public:
  void Check(const Question& /*question*/, absl::Time /*deadline*/, Done done) override {
    done(absl::NotFoundError("no stream"));
  }
};

// The service over memory, called through gRPC. There are the pools 1 and 2.
class PublisherRpcTest : public ::testing::Test {
 protected:
  static constexpr DestinationId kOne{1, 3};
  static constexpr DestinationId kTwo{2, 1};

  PublisherRpcTest() {
    directory_.Replace({PoolOf(kOne), PoolOf(kTwo)});
    view_.destinations.push_back({.config = ConfigOf(kOne)});
    view_.destinations.push_back({.config = ConfigOf(kTwo)});
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = v1::PublisherService::NewStub(server_->InProcessChannel({}));
  }

  static std::string IdOf(std::int32_t pool_number) {
    return absl::StrCat("us-east-1:", pool_number);
  }
  static DestinationConfig ConfigOf(DestinationId id) {
    return {.id = id, .pool_id = IdOf(id.pool_number), .stream_name = "changes"};
  }
  static pools::Pool PoolOf(DestinationId id) {
    pools::Pool pool;
    pool.set_identity_pool_id(IdOf(id.pool_number));
    pool.set_pool_number(id.pool_number);
    pool.mutable_stream()->set_epoch(id.epoch);
    return pool;
  }

  // Parks a change of the destination's pool.
  void Park(DestinationId destination, Position position) {
    ParkedEvent event;
    event.position = position;
    event.pool_id = IdOf(destination.pool_number);
    event.identity_id = "us-east-1:2";
    event.change = {"d", ChangeKind::kUpdate, 6, 2};
    event.commit_time = absl::FromUnixMicros(1'700'000'000'123'456);
    event.event_bytes = 2'000'000;
    event.reason = "too large";
    store_.Park(destination, event);
  }

  // Calls `method` of the stub as `caller_`; the answer, or the error.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::PublisherService::Stub::*method)(
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

  // That `method` refuses a wrong pool id, an unknown pool and an identity.
  template <typename Request, typename Response>
  void ExpectPoolChecks(grpc::Status (v1::PublisherService::Stub::*method)(grpc::ClientContext*,
                                                                           const Request&,
                                                                           Response*)) {
    Request request;
    for (const char* id : {"", "POOL"}) {
      request.set_identity_pool_id(id);
      ExpectViolation(Call(method, request).status(), "identity_pool_id", id);
    }
    request.set_identity_pool_id("us-east-1:ff");
    const absl::Status unknown = Call(method, request).status();
    EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound) << unknown;
    EXPECT_EQ(errors::ReasonOf(unknown), errors::v1::ERROR_REASON_POOL_NOT_FOUND);
    request.set_identity_pool_id(IdOf(1));
    caller_ = "identity";
    EXPECT_EQ(errors::ReasonOf(Call(method, request).status()),
              errors::v1::ERROR_REASON_NOT_AUTHORIZED);
    caller_ = "developer";
  }

  static void ExpectViolation(const absl::Status& status, const std::string& field,
                              const std::string& value) {
    ASSERT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_INVALID_FIELD) << status;
    const auto violations = errors::ViolationsOf(status);
    ASSERT_EQ(violations.size(), 1U) << status;
    EXPECT_EQ(violations[0].field, field);
    EXPECT_NE(violations[0].description.find(value), std::string::npos)
        << violations[0].description;
  }

  using Stub = v1::PublisherService::Stub;

  std::string caller_ = "developer";
  prometheus::Registry registry_;
  MemorySteering store_{SystemClock()};
  pools::PoolDirectory directory_;
  PublisherView view_;  // what the answering publisher knows
  NoStreams streams_;
  Executor executor_{1, 100};
  PublisherRpc service_{
      {.view = [this] { return view_; },
       .parked = store_,
       .steering = store_,
       .pools = directory_,
       .streams = streams_,
       .thread = executor_,
       .keyring = *config::Keyring::Parse("test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")},
      {.service = "publisher"},
      registry_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::PublisherService::Stub> stub_;
};

}  // namespace tidemark::publisher
