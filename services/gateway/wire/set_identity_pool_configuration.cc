#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/errors/violations.h"
#include "services/gateway/wire/codecs.h"
#include "services/gateway/wire/json_reader.h"
#include "services/gateway/wire/shapes.h"

namespace tidemark::gateway {
namespace {

using stream_config::v1::PushSettings;
using stream_config::v1::StreamSettings;

struct PushSync final : StructReader {
  PushSync() : StructReader({{"ApplicationArns", &application_arns}, {"RoleArn", &role_arn}}) {}

  TextListReader application_arns;
  TextReader role_arn;
};

struct CognitoStreams final : StructReader {
  CognitoStreams()
      : StructReader(
            {{"StreamName", &stream_name}, {"RoleArn", &role_arn}, {"StreamingStatus", &status}}) {}

  TextReader stream_name, role_arn, status;
};

struct Body final : StructReader {
  Body() : StructReader({{"PushSync", &push}, {"CognitoStreams", &streams}}) {}

  PushSync push;
  CognitoStreams streams;
};

// For the service an empty text means none; on Amazon's wire it breaks a bound.
void CheckNotEmpty(const TextReader& reader, std::string_view field, std::string_view bound,
                   errors::Violations& violations) {
  if (reader.value == "") violations.Add(field, absl::StrCat("is empty; ", ToAbsl(bound)));
}

void CheckBody(const Body& body, errors::Violations& violations) {
  CheckNotEmpty(body.push.role_arn, "PushSync.RoleArn", "20 to 2048 characters", violations);
  CheckNotEmpty(body.streams.role_arn, "CognitoStreams.RoleArn", "20 to 2048 characters",
                violations);
  CheckNotEmpty(body.streams.stream_name, "CognitoStreams.StreamName", "1 to 128 characters",
                violations);
  const auto& status = body.streams.status.value;
  if (status && *status != "ENABLED" && *status != "DISABLED") {
    violations.Add("CognitoStreams.StreamingStatus",
                   absl::StrCat("'", errors::Excerpt(*status), "' is not ENABLED or DISABLED"));
  }
}

void FillPush(PushSync& push, SetIdentityPoolConfigurationCodec::Request& request) {
  request.mutable_update_mask()->add_paths("push");
  if (push.role_arn.value ||
      (push.application_arns.value && !push.application_arns.value->empty())) {
    PushSettings& settings = *request.mutable_pool()->mutable_push();
    settings.set_role_arn(push.role_arn.value.value_or(""));
    if (!push.application_arns.value) return;
    for (std::string& arn : *push.application_arns.value) {
      settings.add_application_arns(std::move(arn));
    }
  }
}

void FillStream(CognitoStreams& streams, SetIdentityPoolConfigurationCodec::Request& request) {
  StreamSettings& settings = *request.mutable_pool()->mutable_stream();
  google::protobuf::FieldMask& mask = *request.mutable_update_mask();
  if (streams.stream_name.value) {
    settings.set_stream_name(*std::move(streams.stream_name.value));
    mask.add_paths("stream.stream_name");
  }
  if (streams.role_arn.value) {
    settings.set_role_arn(*std::move(streams.role_arn.value));
    mask.add_paths("stream.role_arn");
  }
  if (streams.status.value) {
    settings.set_status(*streams.status.value == "ENABLED"
                            ? stream_config::v1::STREAMING_STATUS_ENABLED
                            : stream_config::v1::STREAMING_STATUS_DISABLED);
    mask.add_paths("stream.status");
  }
}

}  // namespace

absl::Status SetIdentityPoolConfigurationCodec::Decode(const OperationInput& input,
                                                       Request& request) {
  Body body;
  TM_RETURN_IF_ERROR(ReadJson(input.body, body));
  errors::Violations violations;
  CheckBody(body, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  request.mutable_pool()->set_identity_pool_id(input.identity_pool_id);
  if (body.push.present()) FillPush(body.push, request);
  if (body.streams.present()) FillStream(body.streams, request);
  return absl::OkStatus();
}

void SetIdentityPoolConfigurationCodec::Encode(const Request& request, const Response& response,
                                               std::string& body) {
  AppendPoolConfiguration(response.pool(), body);
}

}  // namespace tidemark::gateway
