#include "services/gateway/wire/shapes.h"

#include "common/base/status_macros.h"
#include "services/gateway/wire/json_writer.h"

namespace tidemark::gateway {
namespace {

std::string_view StatusName(stream_config::v1::StreamingStatus status) {
  return status == stream_config::v1::STREAMING_STATUS_ENABLED ? "ENABLED" : "DISABLED";
}

void AppendPushSync(const stream_config::v1::PushSettings& push, std::string& out) {
  ObjectWriter object(out);
  object.List("ApplicationArns", push.application_arns(), AppendJsonText);
  object.TextOrNull("RoleArn", push.role_arn());
}

void AppendCognitoStreams(const stream_config::v1::StreamSettings& stream, std::string& out) {
  ObjectWriter object(out);
  object.TextOrNull("StreamName", stream.stream_name());
  object.TextOrNull("RoleArn", stream.role_arn());
  object.Text("StreamingStatus", StatusName(stream.status()));
  object.TextOrNull("DisabledReason", stream.disabled_reason());
}

}  // namespace

void AppendDataset(const dataset::v1::Dataset& dataset, std::string& out) {
  ObjectWriter object(out);
  object.Text("IdentityId", dataset.identity_id());
  object.Text("DatasetName", dataset.dataset_name());
  if (dataset.has_creation_time()) {
    object.Time("CreationDate", dataset.creation_time());
  } else {  // a repeated deletion, answered when the dataset lived again
    object.Null("CreationDate");
  }
  object.Time("LastModifiedDate", dataset.last_modified_time());
  object.TextOrNull("LastModifiedBy", dataset.last_modified_by());
  object.Integer("DataStorage", dataset.data_storage_bytes());
  object.Integer("NumRecords", dataset.record_count());
}

void AppendRecord(const dataset::v1::Record& record, std::string& out) {
  ObjectWriter object(out);
  object.Text("Key", record.key());
  if (record.has_value()) {
    object.Text("Value", record.value());
  } else {
    object.Null("Value");
  }
  object.Integer("SyncCount", record.sync_count());
  object.Time("LastModifiedDate", record.last_modified_time());
  object.TextOrNull("LastModifiedBy", record.last_modified_by());
  object.Time("DeviceLastModifiedDate", record.device_last_modified_time());
}

std::size_t SizeOfRecord(const dataset::v1::Record& record) {
  return 160 + record.key().size() + record.value().size() + record.last_modified_by().size();
}

void AppendIdentityPoolUsage(const dataset::v1::IdentityPoolUsage& usage, std::string& out) {
  ObjectWriter object(out);
  object.Text("IdentityPoolId", usage.identity_pool_id());
  object.Integer("SyncSessionsCount", usage.sync_sessions_count());
  object.Integer("DataStorage", usage.data_storage_bytes());
  if (usage.has_last_modified_time()) {
    object.Time("LastModifiedDate", usage.last_modified_time());
  } else {
    object.Null("LastModifiedDate");
  }
}

void AppendPoolConfiguration(const stream_config::v1::Pool& pool, std::string& out) {
  ObjectWriter object(out);
  object.Text("IdentityPoolId", pool.identity_pool_id());
  if (pool.has_push()) {
    AppendPushSync(pool.push(), object.Begin("PushSync"));
  } else {
    object.Null("PushSync");
  }
  if (pool.has_stream()) {
    AppendCognitoStreams(pool.stream(), object.Begin("CognitoStreams"));
  } else {
    object.Null("CognitoStreams");
  }
}

absl::StatusOr<std::int32_t> PageSize(const QueryParameters& query) {
  TM_ASSIGN_OR_RETURN(const std::optional<std::int32_t> size, query.Integer32("maxResults"));
  if (!size) return 0;
  return *size == 0 ? 1 : *size;
}

}  // namespace tidemark::gateway
