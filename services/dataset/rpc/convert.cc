#include "services/dataset/rpc/convert.h"

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/clock.h"
#include "common/base/sha256.h"
#include "common/base/status_macros.h"
#include "services/dataset/domain/checks.h"

namespace tidemark::dataset {
namespace {

using errors::Violations;

// google.protobuf.Timestamp reaches from the year 1 to 9999.
constexpr std::int64_t kMinSeconds = -62'135'596'800;
constexpr std::int64_t kMaxSeconds = 253'402'300'799;

std::optional<absl::Time> ParseTime(std::string_view field,
                                    const google::protobuf::Timestamp& proto,
                                    Violations& violations) {
  if (proto.seconds() < kMinSeconds || proto.seconds() > kMaxSeconds || proto.nanos() < 0 ||
      proto.nanos() > 999'999'999) {
    violations.Add(field, absl::StrCat(proto.seconds(), " s and ", proto.nanos(),
                                       " ns is no time between the years 1 and 9999"));
    return std::nullopt;
  }
  return TruncateToMillis(absl::FromUnixSeconds(proto.seconds()) +
                          absl::Nanoseconds(proto.nanos()));
}

RecordPatch ParsePatch(const v1::RecordPatch& proto, const std::string& path,
                       Violations& violations) {
  RecordPatch patch;
  patch.key = proto.key();
  patch.expected = SyncCount(proto.sync_count());
  CheckKey(path + ".key", proto.key(), violations);
  CheckSyncCount(path + ".sync_count", proto.sync_count(), violations);
  if (proto.op() == v1::RecordPatch::OP_REPLACE) {
    if (!proto.has_value()) violations.Add(path + ".value", "is missing; a replacement needs one");
    CheckValue(path + ".value", proto.value(), violations);
    patch.value = proto.value();
  } else if (proto.op() != v1::RecordPatch::OP_REMOVE) {
    violations.Add(path + ".op", absl::StrCat(proto.op(), " is not OP_REPLACE or OP_REMOVE"));
  }
  if (proto.has_device_last_modified_time()) {
    patch.device_modified_time = ParseTime(path + ".device_last_modified_time",
                                           proto.device_last_modified_time(), violations);
  }
  return patch;
}

RequestIdentity::Hash HashOf(std::string_view text) {
  const Sha256Digest digest = Sha256(text);
  RequestIdentity::Hash hash;
  for (int i = 0; i < 8; ++i) {
    hash.first = hash.first << 8 | digest[i];
    hash.second = hash.second << 8 | digest[8 + i];
  }
  return hash;
}

// Text in which no two different lists of parts are equal.
void AppendPart(std::string& text, std::string_view part) {
  absl::StrAppend(&text, part.size(), ":", ToAbsl(part));
}

// Names a request by its caller and request id.
RequestIdentity NamedIdentity(const rpc::Call& call, const std::string& request_id,
                              const std::string& content) {
  std::string name;
  AppendPart(name, "id");
  AppendPart(name, call.principal);
  AppendPart(name, request_id);
  return {.request = HashOf(name), .content = HashOf(content), .named = true};
}

// Names a request without an id by its caller, its token and what it asks.
RequestIdentity ContentIdentity(const rpc::Call& call, const std::string& token,
                                const std::string& content) {
  std::string name;
  AppendPart(name, "content");
  AppendPart(name, call.principal);
  AppendPart(name, token);
  AppendPart(name, content);
  return {.request = HashOf(name), .content = HashOf(content), .named = false};
}

std::string ContentOf(const UpdateRequest& request) {
  std::string content = "update";
  AppendPart(content, request.origin.device_id);
  for (const RecordPatch& patch : request.patches) {
    AppendPart(content, patch.key);
    AppendPart(content, patch.value ? "replace" : "remove");
    AppendPart(content, patch.value.value_or(""));
    const std::int64_t device_millis =
        patch.device_modified_time ? absl::ToUnixMillis(*patch.device_modified_time) : INT64_MIN;
    absl::StrAppend(&content, patch.expected.value(), ",", device_millis, ";");
  }
  return content;
}

}  // namespace

void CheckName(std::string_view name, Violations& violations) {
  CheckDatasetName("dataset_name", name, violations);
}

ChangeOrigin OriginOf(const rpc::Call& call, const std::string& account_id) {
  const bool identity = call.caller == rpc::CallerKind::kIdentity && !call.principal.empty();
  return {.modified_by = identity ? call.principal : account_id,
          .device_id = "",
          .traceparent = obs::FormatTraceparent(call.trace)};
}

absl::StatusOr<UpdateRequest> ParseUpdate(const v1::UpdateRecordsRequest& request,
                                          const rpc::Call& call, const std::string& account_id) {
  Violations violations;
  UpdateRequest update;
  update.dataset = ParseDataset(request, violations);
  update.patches.reserve(request.record_patches_size());
  for (int i = 0; i < request.record_patches_size(); ++i) {
    update.patches.push_back(
        ParsePatch(request.record_patches(i), absl::StrCat("record_patches[", i, "]"), violations));
  }
  CheckPatches("record_patches", update.patches, violations);
  CheckDeviceId("device_id", request.device_id(), violations);
  CheckClientContext("client_context", request.client_context(), violations);
  errors::CheckRequestId("request_id", request.request_id(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());

  update.origin = OriginOf(call, account_id);
  update.origin.device_id = request.device_id();
  if (!request.device_id().empty()) update.origin.modified_by = request.device_id();
  const std::string content = ContentOf(update);
  update.identity = request.request_id().empty()
                        ? ContentIdentity(call, request.sync_session_token(), content)
                        : NamedIdentity(call, request.request_id(), content);
  return update;
}

absl::StatusOr<DeleteRequest> ParseDelete(const v1::DeleteDatasetRequest& request,
                                          const rpc::Call& call, const std::string& account_id) {
  Violations violations;
  DeleteRequest deletion;
  deletion.dataset = ParseDataset(request, violations);
  errors::CheckRequestId("request_id", request.request_id(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  deletion.origin = OriginOf(call, account_id);
  if (!request.request_id().empty()) {
    deletion.identity = NamedIdentity(call, request.request_id(), "delete");
  }
  return deletion;
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  const std::int64_t millis = absl::ToUnixMillis(time);
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  proto.set_seconds(seconds);
  proto.set_nanos(static_cast<int>((millis - seconds * 1000) * 1'000'000));
  return proto;
}

void ToProto(const DatasetInfo& info, v1::Dataset& proto) {
  proto.set_identity_pool_id(info.key.identity.pool_id);
  proto.set_identity_id(info.key.identity.identity_id);
  proto.set_dataset_name(info.key.name);
  if (info.created_time != absl::InfinitePast()) {  // else not known: see DeleteOutcome
    *proto.mutable_creation_time() = ToProto(info.created_time);
  }
  *proto.mutable_last_modified_time() = ToProto(info.modified_time);
  proto.set_last_modified_by(info.modified_by);
  proto.set_data_storage_bytes(info.bytes);
  proto.set_record_count(info.live_records);
  proto.set_sync_count(info.sync_count.value());
}

void ToProto(const IdentityUsage& usage, v1::IdentityUsage& proto) {
  proto.set_identity_pool_id(usage.identity.pool_id);
  proto.set_identity_id(usage.identity.identity_id);
  if (usage.modified_time) *proto.mutable_last_modified_time() = ToProto(*usage.modified_time);
  proto.set_dataset_count(usage.datasets);
  proto.set_data_storage_bytes(usage.bytes);
}

void ToProto(const PoolUsage& usage, v1::IdentityPoolUsage& proto) {
  proto.set_identity_pool_id(usage.pool_id);
  proto.set_sync_sessions_count(usage.sync_sessions);
  proto.set_data_storage_bytes(usage.bytes);
  if (usage.modified_time) *proto.mutable_last_modified_time() = ToProto(*usage.modified_time);
}

void ToProto(Record&& record, v1::Record& proto) {
  proto.set_key(std::move(record.key));
  if (record.value) proto.set_value(*std::move(record.value));
  proto.set_sync_count(record.sync_count.value());
  *proto.mutable_last_modified_time() = ToProto(record.modified_time);
  proto.set_last_modified_by(std::move(record.modified_by));
  *proto.mutable_device_last_modified_time() = ToProto(record.device_modified_time);
}

}  // namespace tidemark::dataset
