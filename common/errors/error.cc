#include "common/errors/error.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "common/base/abseil.h"
#include "google/rpc/error_details.pb.h"

namespace tidemark::errors {
namespace {

constexpr std::size_t kMaxViolations = 16;
constexpr std::string_view kTypePrefix = "type.googleapis.com/";

std::string TypeUrl(const google::protobuf::Message& detail) {
  return absl::StrCat(ToAbsl(kTypePrefix), detail.GetDescriptor()->full_name());
}

void Attach(absl::Status& status, const google::protobuf::Message& detail) {
  status.SetPayload(TypeUrl(detail), absl::Cord(detail.SerializeAsString()));
}

template <typename Detail>
absl::optional<Detail> Find(const absl::Status& status) {
  Detail detail;
  const absl::optional<absl::Cord> payload = status.GetPayload(TypeUrl(detail));
  if (!payload || !detail.ParseFromString(std::string(*payload))) return absl::nullopt;
  return detail;
}

}  // namespace

std::string ReasonName(Reason reason) {
  return std::string(absl::StripPrefix(v1::ErrorReason_Name(reason), "ERROR_REASON_"));
}

absl::Status Error(absl::StatusCode code, Reason reason, std::string_view message,
                   const Metadata& metadata) {
  google::rpc::ErrorInfo info;
  info.set_reason(ReasonName(reason));
  info.set_domain("tidemark");
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = value;
  absl::Status status(code, ToAbsl(message));
  Attach(status, info);
  return status;
}

absl::Status InvalidFields(const std::vector<FieldViolation>& violations) {
  google::rpc::BadRequest bad_request;
  std::string message;
  for (const FieldViolation& violation : violations) {
    if (static_cast<std::size_t>(bad_request.field_violations_size()) == kMaxViolations) break;
    google::rpc::BadRequest::FieldViolation* detail = bad_request.add_field_violations();
    detail->set_field(violation.field);
    detail->set_description(violation.description);
    absl::StrAppend(&message, message.empty() ? "" : "; ", violation.field, ": ",
                    violation.description);
  }
  absl::Status status =
      Error(absl::StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_FIELD, message);
  Attach(status, bad_request);
  return status;
}

absl::Status ResourceError(absl::StatusCode code, Reason reason, std::string_view type,
                           std::string_view name, std::string_view message,
                           const Metadata& metadata) {
  google::rpc::ResourceInfo resource;
  resource.set_resource_type(std::string(type));
  resource.set_resource_name(std::string(name));
  absl::Status status = Error(code, reason, message, metadata);
  Attach(status, resource);
  return status;
}

absl::Status WithRetryDelay(absl::Status status, absl::Duration delay) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(delay));
  retry.mutable_retry_delay()->set_nanos(
      static_cast<int>(absl::ToInt64Nanoseconds(delay % absl::Seconds(1))));
  Attach(status, retry);
  return status;
}

Reason ReasonOf(const absl::Status& status) {
  const auto info = Find<google::rpc::ErrorInfo>(status);
  Reason reason = v1::ERROR_REASON_UNSPECIFIED;
  if (info) v1::ErrorReason_Parse(absl::StrCat("ERROR_REASON_", info->reason()), &reason);
  return reason;
}

std::string MetadataOf(const absl::Status& status, std::string_view key) {
  const auto info = Find<google::rpc::ErrorInfo>(status);
  if (!info) return "";
  const auto found = info->metadata().find(std::string(key));
  return found == info->metadata().end() ? "" : found->second;
}

std::vector<FieldViolation> ViolationsOf(const absl::Status& status) {
  std::vector<FieldViolation> violations;
  if (const auto bad_request = Find<google::rpc::BadRequest>(status)) {
    for (const auto& detail : bad_request->field_violations()) {
      violations.push_back({detail.field(), detail.description()});
    }
  }
  return violations;
}

google::rpc::Status ToProto(const absl::Status& status) {
  google::rpc::Status proto;
  proto.set_code(static_cast<int>(status.code()));
  proto.set_message(std::string(status.message()));
  status.ForEachPayload([&proto](absl::string_view type_url, const absl::Cord& payload) {
    if (!absl::StartsWith(type_url, ToAbsl(kTypePrefix))) return;
    google::protobuf::Any* detail = proto.add_details();
    detail->set_type_url(std::string(type_url));
    detail->set_value(std::string(payload));
  });
  return proto;
}

absl::Status FromProto(const google::rpc::Status& proto) {
  absl::Status status(static_cast<absl::StatusCode>(proto.code()), proto.message());
  for (const google::protobuf::Any& detail : proto.details()) {
    status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return status;
}

std::string Excerpt(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return absl::StrCat(ToAbsl(text.substr(0, limit)), "...");
}

}  // namespace tidemark::errors
