#include "common/rpc/status.h"

#include <algorithm>
#include <string>

#include "common/base/units.h"
#include "common/errors/error.h"
#include "common/errors/sqlstate.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace tidemark::rpc {
namespace {

// Clients refuse more than 8 KiB of metadata in all; the rest is for gRPC's own.
constexpr std::size_t kMaxWireBytes = 7 * kKiB;
constexpr std::size_t kMaxMessageBytes = 1024;

constexpr char kInternalMessage[] =
    "internal error; the server's log tells more under the request id";

bool IsFault(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return errors::ReasonOf(status) == errors::v1::ERROR_REASON_UNSPECIFIED;
  }
}

// How much of the trailers `proto` takes: base64 of the details, and the percent-encoded message.
std::size_t WireBytes(const google::rpc::Status& proto) {
  const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '%'; };
  const std::string& message = proto.message();
  const auto plain_bytes =
      static_cast<std::size_t>(std::count_if(message.begin(), message.end(), plain));
  return (proto.ByteSizeLong() + 2) / 3 * 4 + plain_bytes + (message.size() - plain_bytes) * 3;
}

bool IsErrorInfo(const google::protobuf::Any& detail) {
  return detail.Is<google::rpc::ErrorInfo>();
}

// Removes the largest detail besides ErrorInfo. False if there is none.
bool DropADetail(google::rpc::Status& proto) {
  auto& details = *proto.mutable_details();
  const auto largest =
      std::max_element(details.begin(), details.end(), [](const auto& a, const auto& b) {
        const std::size_t size_a = IsErrorInfo(a) ? 0 : a.ByteSizeLong();
        return size_a < (IsErrorInfo(b) ? 0 : b.ByteSizeLong());
      });
  if (largest == details.end() || IsErrorInfo(*largest)) return false;
  details.erase(largest);
  return true;
}

void DropMetadata(google::rpc::Status& proto) {
  for (google::protobuf::Any& detail : *proto.mutable_details()) {
    google::rpc::ErrorInfo info;
    if (!detail.UnpackTo(&info)) continue;
    info.clear_metadata();
    (*info.mutable_metadata())["truncated"] = "true";
    detail.set_value(info.SerializeAsString());
  }
}

google::rpc::Status Bounded(google::rpc::Status proto) {
  proto.set_message(errors::Excerpt(proto.message(), kMaxMessageBytes));
  while (WireBytes(proto) > kMaxWireBytes) {
    if (DropADetail(proto)) continue;
    DropMetadata(proto);
    break;
  }
  return proto;
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  if (status.code() == absl::StatusCode::kCancelled) {
    return {grpc::StatusCode::CANCELLED, "the call was cancelled"};
  }
  const google::rpc::Status proto = Bounded(errors::ToProto(
      IsFault(status) ? errors::Error(absl::StatusCode::kInternal,
                                      errors::v1::ERROR_REASON_INTERNAL, kInternalMessage)
                      : status));
  return {static_cast<grpc::StatusCode>(proto.code()), proto.message(), proto.SerializeAsString()};
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status proto;
  if (!status.error_details().empty() && proto.ParseFromString(status.error_details())) {
    proto.set_code(status.error_code());
    return errors::FromProto(proto);
  }
  switch (status.error_code()) {
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNAVAILABLE:
      return errors::WithDriverText(
          errors::Error(absl::StatusCode::kUnavailable,
                        errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE,
                        "a service that this call needs can't be reached; try again"),
          status.error_message());
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return errors::WithDriverText(
          errors::Error(absl::StatusCode::kDeadlineExceeded,
                        errors::v1::ERROR_REASON_DEADLINE_EXCEEDED,
                        "the deadline passed before the answer came; repeat a write with the same "
                        "request id to learn its outcome"),
          status.error_message());
    default:
      return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
  }
}

}  // namespace tidemark::rpc
