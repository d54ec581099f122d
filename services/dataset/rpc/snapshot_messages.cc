#include "services/dataset/rpc/snapshot_messages.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/units.h"
#include "common/errors/error.h"
#include "services/dataset/rpc/convert.h"

namespace tidemark::dataset {
namespace {

constexpr std::int64_t kDefaultBytes = kMiB;
constexpr std::int64_t kMaxBytes = 4 * kMiB;
constexpr int kMaxAsked = 1'000;
constexpr std::size_t kMaxName = 184;  // of a merged dataset; in bytes
constexpr std::size_t kMaxIdentity = 55;

bool IsBounded(std::string_view text, std::size_t max_bytes) {
  return text.size() <= max_bytes && text.find('\0') == std::string_view::npos;
}

}  // namespace

change::v1::Change SnapshotMessage(const DatasetInfo& info) {
  change::v1::Change change;
  change.set_identity_pool_id(info.key.identity.pool_id);
  change.set_identity_id(info.key.identity.identity_id);
  change.set_dataset_name(info.key.name);
  change.set_kind(change::v1::CHANGE_KIND_SNAPSHOT);
  change.set_sync_count(info.sync_count.value());
  change.set_generation(info.generation.value());
  *change.mutable_commit_time() = ToProto(info.modified_time);
  change.set_modified_by(info.modified_by);
  return change;
}

void AddRecord(Record record, change::v1::Change& change) {
  change::v1::RecordChange* const proto = change.add_records();
  proto->set_key(std::move(record.key));
  proto->set_value(std::move(record.value).value_or(""));
  *proto->mutable_device_last_modified_time() = ToProto(record.device_modified_time);
  proto->set_sync_count(record.sync_count.value());
  *proto->mutable_last_modified_time() = ToProto(record.modified_time);
}

void ToProto(Snapshot snapshot, v1::Snapshot& proto) {
  ToProto(CursorAt(snapshot.info.key), *proto.mutable_position());
  change::v1::Change& change = *proto.mutable_change();
  change = SnapshotMessage(snapshot.info);
  if (snapshot.info.live) {
    for (Record& record : snapshot.records) AddRecord(std::move(record), change);
    return;
  }
  change.set_kind(change::v1::CHANGE_KIND_DELETE);
  change.set_sync_count(snapshot.info.deleted_at.value_or(snapshot.info.sync_count).value());
  change.set_generation(snapshot.info.generation.value() - 1);  // deleting began the next
}

void ToProto(const SnapshotCursor& cursor, v1::SnapshotPosition& proto) {
  proto.set_owner(cursor.owner.value());
  proto.set_identity_id(cursor.identity_id);
  proto.set_dataset_name(cursor.name);
}

std::vector<LogShard> ParseLogShards(const google::protobuf::RepeatedField<std::uint32_t>& shards,
                                     errors::Violations& violations) {
  std::vector<LogShard> parsed;
  for (int i = 0; i < shards.size(); ++i) {
    if (shards[i] >= kLogShards) {
      violations.Add(absl::StrCat("log_shards[", i, "]"),
                     absl::StrCat(shards[i], " is no log shard; 0 to ", kLogShards - 1));
    }
    parsed.push_back(LogShard(static_cast<std::uint8_t>(shards[i])));
  }
  return parsed;
}

SnapshotCursor ParseAfter(const v1::SnapshotPosition& after, errors::Violations& violations) {
  if (!IsBounded(after.identity_id(), kMaxIdentity)) {
    violations.Add("after.identity_id",
                   absl::StrCat("'", errors::Excerpt(after.identity_id()), "' is not 0 to ",
                                kMaxIdentity, " characters without U+0000"));
  }
  if (!IsBounded(after.dataset_name(), kMaxName)) {
    violations.Add("after.dataset_name",
                   absl::StrCat("'", errors::Excerpt(after.dataset_name()), "' is not 0 to ",
                                kMaxName, " bytes without U+0000"));
  }
  return {Owner(after.owner()), after.identity_id(), after.dataset_name()};
}

std::vector<DatasetKey> ParseAsked(const v1::GetSnapshotsRequest& request,
                                   errors::Violations& violations) {
  std::vector<DatasetKey> asked;
  if (request.datasets_size() < 1 || request.datasets_size() > kMaxAsked) {
    violations.Add("datasets",
                   absl::StrCat(request.datasets_size(), " entries are not 1 to ", kMaxAsked));
    return asked;
  }
  for (int i = 0; i < request.datasets_size(); ++i) {
    const v1::SnapshotPosition& dataset = request.datasets(i);
    const std::string field = absl::StrCat("datasets[", i, "]");
    errors::CheckId(absl::StrCat(field, ".identity_id"), dataset.identity_id(), violations);
    const std::string& name = dataset.dataset_name();
    if (name.empty() || !IsBounded(name, kMaxName)) {
      violations.Add(absl::StrCat(field, ".dataset_name"),
                     absl::StrCat("'", errors::Excerpt(name), "' is not 1 to ", kMaxName,
                                  " bytes without U+0000"));
    }
    asked.push_back({IdentityKey::Of(request.identity_pool_id(), dataset.identity_id()), name});
  }
  return asked;
}

std::int64_t ParseMaxBytes(std::int64_t max_bytes, errors::Violations& violations) {
  if (max_bytes < 0) violations.Add("max_bytes", absl::StrCat(max_bytes, " is negative"));
  return max_bytes == 0 ? kDefaultBytes : std::clamp<std::int64_t>(max_bytes, 1, kMaxBytes);
}

}  // namespace tidemark::dataset
