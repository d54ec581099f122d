#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/client/settings.h"
#include "common/base/status_macros.h"
#include "tidemark/dataset/v1/admin_service.grpc.pb.h"
#include "tidemark/dataset/v1/change_log_service.grpc.pb.h"
#include "tidemark/dataset/v1/dataset_service.grpc.pb.h"
#include "tidemark/publisher/v1/publisher_service.grpc.pb.h"
#include "tidemark/stream_config/v1/stream_config_service.grpc.pb.h"

namespace tidemark::cli {

// Where a service is, in words and in gRPC's.
struct Target {
  std::string name;     // "stream-config"
  std::string address;  // "127.0.0.1:7002"
  std::shared_ptr<grpc::Channel> channel;
  absl::Duration timeout;  // of each call
};

// One call to a target: its metadata and deadline before, and what its outcome means after.
class CallScope {
 public:
  // `timeout` as Target's.
  CallScope(const Target& target, absl::Duration timeout);

  grpc::ClientContext& context() { return context_; }

  // The service's own errors pass; those that gRPC makes say which service could not be reached,
  // and where. All carry the request id (RequestIdOf).
  absl::Status End(const grpc::Status& status) const;

 private:
  const Target& target_;
  const std::string request_id_;
  grpc::ClientContext context_;
};

// The id under which the service's log has the call that failed; "" if none was made.
std::string RequestIdOf(const absl::Status& status);

// A client of one gRPC service. Nothing is sent twice.
template <typename Service>
class Client {
 public:
  using Stub = typename Service::StubInterface;

  explicit Client(Target target)
      : target_(std::move(target)), stub_(Service::NewStub(target_.channel)) {}

  //   client.Call(&StreamConfigService::StubInterface::GetPool, request)
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    CallScope scope(target_, target_.timeout);
    Response response;
    TM_RETURN_IF_ERROR(scope.End((stub_.get()->*method)(&scope.context(), request, &response)));
    return response;
  }

  // Hands all that a server-streaming method sends to `take`, whose error ends it. It may last.
  template <typename Request, typename Response, typename Take>
  absl::Status Read(std::unique_ptr<grpc::ClientReaderInterface<Response>> (Stub::*method)(
                        grpc::ClientContext*, const Request&),
                    const Request& request, const Take& take) {
    CallScope scope(target_, absl::InfiniteDuration());
    const auto reader = (stub_.get()->*method)(&scope.context(), request);
    Response response;
    absl::Status taken;
    while (taken.ok() && reader->Read(&response)) taken = take(response);
    if (!taken.ok()) scope.context().TryCancel();
    const absl::Status ended = scope.End(reader->Finish());
    return taken.ok() ? ended : taken;
  }

 private:
  const Target target_;
  const std::unique_ptr<Stub> stub_;
};

// The services, none of them connected before it is used.
struct Clients {
  // The error names a file that can't be used.
  static absl::StatusOr<std::unique_ptr<Clients>> Make(const Settings& settings);

  Client<stream_config::v1::StreamConfigService> pools;
  Client<publisher::v1::PublisherService> publisher;
  Client<dataset::v1::ChangeLogService> change_log;
  Client<dataset::v1::DatasetAdminService> admin;
  Client<dataset::v1::DatasetService> datasets;
};

}  // namespace tidemark::cli
