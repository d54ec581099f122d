#include "services/stream_config/rpc/convert.h"

#include <array>
#include <functional>
#include <map>
#include <utility>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "absl/strings/str_cat.h"
#include "common/base/sha256.h"
#include "common/base/status_macros.h"
#include "common/errors/violations.h"
#include "services/stream_config/domain/checks.h"

namespace tidemark::stream_config {
namespace {

using errors::Violations;

// What `update_mask` can name.
const std::map<std::string, SettingsField>& MaskPaths() {
  static const auto& paths = *new std::map<std::string, SettingsField>{
      {"display_name", SettingsField::kDisplayName},
      {"stream", SettingsField::kStream},
      {"stream.status", SettingsField::kStreamStatus},
      {"stream.stream_name", SettingsField::kStreamName},
      {"stream.role_arn", SettingsField::kStreamRoleArn},
      {"push", SettingsField::kPush},
      {"events", SettingsField::kEvents},
      {"limits", SettingsField::kLimits},
  };
  return paths;
}

std::set<SettingsField> ParseMask(const google::protobuf::FieldMask& mask, Violations& violations) {
  std::set<SettingsField> fields;
  for (const std::string& path : mask.paths()) {
    const auto found = MaskPaths().find(path);
    if (found != MaskPaths().end()) {
      fields.insert(found->second);
    } else {
      violations.Add("update_mask", absl::StrCat("'", errors::Excerpt(path),
                                                 "' can't be changed; see UpdatePoolRequest"));
    }
  }
  if (mask.paths_size() == 0) violations.Add("update_mask", "empty: name what to change");
  return fields;
}

bool IsEnabled(const std::string& field, v1::StreamingStatus status, Violations& violations) {
  if (status != v1::STREAMING_STATUS_ENABLED && status != v1::STREAMING_STATUS_DISABLED) {
    violations.Add(field,
                   absl::StrCat(static_cast<int>(status), " is not ENABLED (1) or DISABLED (2)"));
  }
  return status == v1::STREAMING_STATUS_ENABLED;
}

// The named fields of `message`, a Pool or a CreatePoolRequest, which names settings alike.
// `prefix` is its path in the request with a dot at the end, or empty. `region` is the
// installation's.
template <typename Message>
SettingsChange ParseSettings(const Message& message, std::set<SettingsField> fields,
                             const std::string& prefix, std::string_view region,
                             Violations& violations) {
  SettingsChange change{.fields = std::move(fields)};
  Settings& values = change.values;
  const auto named = [&change](SettingsField field) { return change.fields.contains(field); };

  if (named(SettingsField::kDisplayName)) {
    CheckDisplayName(prefix + "display_name", message.display_name(), violations);
    values.display_name = message.display_name();
  }
  const bool whole = named(SettingsField::kStream) && message.has_stream();
  const v1::StreamSettings& stream = message.stream();
  StreamSettings parsed{.stream_name = stream.stream_name(), .role_arn = stream.role_arn()};
  if (whole || named(SettingsField::kStreamName)) {
    CheckStreamName(prefix + "stream.stream_name", stream.stream_name(), violations);
  }
  if (whole || named(SettingsField::kStreamRoleArn)) {
    CheckRoleArn(prefix + "stream.role_arn", stream.role_arn(), violations);
  }
  if (whole || named(SettingsField::kStreamStatus)) {
    parsed.enabled = IsEnabled(prefix + "stream.status", stream.status(), violations);
  }
  if (message.has_stream()) values.stream = std::move(parsed);

  if (named(SettingsField::kPush)) {
    values.push = {.application_arns = {message.push().application_arns().begin(),
                                        message.push().application_arns().end()},
                   .role_arn = message.push().role_arn()};
    CheckPush(prefix + "push", values.push, region, violations);
  }
  if (named(SettingsField::kEvents)) {
    values.events = {message.events().functions().begin(), message.events().functions().end()};
    CheckEvents(prefix + "events", values.events, region, violations);
    std::erase_if(values.events, [](const auto& entry) { return entry.second.empty(); });
  }
  if (named(SettingsField::kLimits)) {
    const v1::Limits& limits = message.limits();
    values.limits = {limits.datasets_per_identity(), limits.records_per_dataset(),
                     limits.bytes_per_dataset(), limits.keys_per_dataset(),
                     limits.dataset_names_per_identity()};
    CheckLimits(prefix + "limits", values.limits, violations);
  }
  return change;
}

// Equal for equal requests, whatever their request id.
std::string HashContent(v1::CreatePoolRequest request) {
  request.clear_request_id();
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  return std::string(AsBytes(Sha256(bytes)));
}

// 0 is any version.
std::optional<Version> ParseVersion(std::string_view field, std::int64_t version,
                                    Violations& violations) {
  if (version < 0) violations.Add(field, absl::StrCat(version, " is negative"));
  return version == 0 ? std::nullopt : std::optional(Version(version));
}

void ToProto(const StreamSettings& stream, const StreamState& state, v1::StreamSettings& proto) {
  proto.set_stream_name(stream.stream_name);
  proto.set_role_arn(stream.role_arn);
  proto.set_status(stream.enabled ? v1::STREAMING_STATUS_ENABLED : v1::STREAMING_STATUS_DISABLED);
  proto.set_disabled_reason(state.disabled_reason);
  if (state.enabled_time) *proto.mutable_enabled_time() = ToTimestamp(*state.enabled_time);
  proto.set_start_position(state.start_position.value());
  proto.set_epoch(state.epoch.value());
}

void ToProto(const Limits& limits, v1::Limits& proto) {
  proto.set_datasets_per_identity(limits.datasets_per_identity);
  proto.set_records_per_dataset(limits.records_per_dataset);
  proto.set_bytes_per_dataset(limits.bytes_per_dataset);
  proto.set_keys_per_dataset(limits.keys_per_dataset);
  proto.set_dataset_names_per_identity(limits.dataset_names_per_identity);
}

v1::BulkPublishState StateOf(const BulkPublish& bulk) {
  if (bulk.Running()) return v1::BULK_PUBLISH_STATE_IN_PROGRESS;
  return bulk.Failed() ? v1::BULK_PUBLISH_STATE_FAILED : v1::BULK_PUBLISH_STATE_SUCCEEDED;
}

}  // namespace

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp proto;
  const std::int64_t nanos = absl::ToUnixNanos(time);
  proto.set_seconds(nanos / 1'000'000'000);
  proto.set_nanos(static_cast<std::int32_t>(nanos % 1'000'000'000));
  return proto;
}

void ToProto(const BulkPublish& bulk, v1::BulkPublish& proto) {
  proto.set_job(bulk.job.value());
  proto.set_state(StateOf(bulk));
  proto.set_epoch(bulk.epoch.value());
  *proto.mutable_start_time() = ToTimestamp(bulk.start_time);
  if (bulk.complete_time) *proto.mutable_complete_time() = ToTimestamp(*bulk.complete_time);
  proto.set_failure_message(bulk.failure_message);
}

absl::StatusOr<ParsedCreate> ParseCreate(const v1::CreatePoolRequest& request,
                                         std::string_view region) {
  Violations violations;
  if (!request.identity_pool_id().empty()) {
    errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  }
  ParsedCreate parsed{.pool_id = request.identity_pool_id(),
                      .request_id = request.request_id(),
                      .content_hash = HashContent(request)};
  parsed.settings =
      ParseSettings(request,
                    {SettingsField::kDisplayName, SettingsField::kStream, SettingsField::kPush,
                     SettingsField::kEvents, SettingsField::kLimits},
                    "", region, violations);
  errors::CheckRequestId("request_id", request.request_id(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  return parsed;
}

absl::StatusOr<ParsedUpdate> ParseUpdate(const v1::UpdatePoolRequest& request,
                                         std::string_view region) {
  Violations violations;
  errors::CheckId("pool.identity_pool_id", request.pool().identity_pool_id(), violations);
  ParsedUpdate parsed{.pool_id = request.pool().identity_pool_id()};
  parsed.change = ParseSettings(request.pool(), ParseMask(request.update_mask(), violations),
                                "pool.", region, violations);
  parsed.change.resume_stream = request.resume_stream();
  parsed.expected = ParseVersion("expected_version", request.expected_version(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  return parsed;
}

absl::StatusOr<ParsedDelete> ParseDelete(const v1::DeletePoolRequest& request) {
  Violations violations;
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  ParsedDelete parsed{.pool_id = request.identity_pool_id(), .force = request.force()};
  parsed.expected = ParseVersion("expected_version", request.expected_version(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  return parsed;
}

absl::StatusOr<ParsedDisable> ParseDisable(const v1::DisableStreamRequest& request) {
  Violations violations;
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  if (request.epoch() < 1) {
    violations.Add("epoch", absl::StrCat(request.epoch(), " is no epoch; they begin at 1"));
  }
  CheckReason("reason", request.reason(), violations);
  const Unwritable what{Epoch(request.epoch()),
                        ParseVersion("version", request.version(), violations)};
  TM_RETURN_IF_ERROR(violations.ToStatus());
  return ParsedDisable{request.identity_pool_id(), what, request.reason()};
}

absl::StatusOr<std::string> ParsePoolId(std::string_view pool_id) {
  Violations violations;
  errors::CheckId("identity_pool_id", pool_id, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  return std::string(pool_id);
}

void ToProto(const Pool& pool, v1::Pool& proto) {
  const Settings& settings = pool.settings;
  proto.set_identity_pool_id(pool.id);
  proto.set_display_name(settings.display_name);
  proto.set_pool_number(pool.number.value());
  proto.set_version(pool.version.value());
  *proto.mutable_create_time() = ToTimestamp(pool.create_time);
  *proto.mutable_update_time() = ToTimestamp(pool.update_time);
  if (settings.stream) ToProto(*settings.stream, pool.stream_state, *proto.mutable_stream());
  if (settings.push != PushSettings{}) {
    v1::PushSettings& push = *proto.mutable_push();
    *push.mutable_application_arns() = {settings.push.application_arns.begin(),
                                        settings.push.application_arns.end()};
    push.set_role_arn(settings.push.role_arn);
  }
  if (!settings.events.empty()) {
    auto& functions = *proto.mutable_events()->mutable_functions();
    for (const auto& [type, arn] : settings.events) functions[type] = arn;
  }
  if (settings.limits != Limits{}) ToProto(settings.limits, *proto.mutable_limits());
  proto.set_role_external_id(pool.role_external_id);
  if (pool.bulk_publish) ToProto(*pool.bulk_publish, *proto.mutable_bulk_publish());
}

}  // namespace tidemark::stream_config
