#include "services/gateway/wire/health.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <future>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"

namespace tidemark::gateway {
namespace {

// HealthCheckRequest has no field set; HealthCheckResponse{status: SERVING} is field 1, value 1
// (grpc.health.v1, https://github.com/grpc/grpc/blob/master/doc/health-checking.md).
constexpr char kCheck[] = "/grpc.health.v1.Health/Check";
constexpr std::string_view kServing = "\x08\x01";

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

absl::Status Ask(const std::string& service, const std::shared_ptr<grpc::Channel>& channel) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  rpc::SetTimeout(context, absl::Seconds(1));
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> answered;
  stub.UnaryCall(&context, kCheck, {}, &request, &response,
                 [&answered](grpc::Status status) { answered.set_value(std::move(status)); });
  const grpc::Status status = answered.get_future().get();
  if (!status.ok()) {
    return absl::UnavailableError(absl::StrCat(service, ": ", status.error_message()));
  }
  if (BytesOf(response) == kServing) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(service, " does not serve"));
}

}  // namespace

obs::Readiness::Check ServesCheck(const std::string& service,
                                  std::shared_ptr<grpc::Channel> channel) {
  return {.name = service,
          .ask = [service, channel = std::move(channel)] { return Ask(service, channel); }};
}

}  // namespace tidemark::gateway
