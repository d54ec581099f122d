#include "services/dataset/store/postgres_rows.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/pg/wire.h"

namespace tidemark::dataset {

pg::Uuid ToUuid(const RequestIdentity::Hash& hash) {
  pg::Uuid uuid;
  char* const bytes = reinterpret_cast<char*>(uuid.bytes.data());
  pg::WriteBigEndian(hash.first, bytes);
  pg::WriteBigEndian(hash.second, bytes + sizeof(hash.first));
  return uuid;
}

pg::Uuid RequestUuid(const RequestIdentity& identity) {
  RequestIdentity::Hash hash = identity.request;
  hash.second = (hash.second & ~std::uint64_t{1}) | (identity.named ? 0 : 1);
  return ToUuid(hash);
}

Applied AppliedOf(SyncCount remembered, absl::Time time, bool replayed) {
  const std::int64_t count = remembered.value();
  return {SyncCount(count < 0 ? -count : count), time, replayed, /*triggered=*/count < 0};
}

absl::StatusOr<DatasetInfo> ParseDatasetInfo(const pg::Row& row, int first, DatasetKey key) {
  DatasetInfo info;
  info.key = std::move(key);
  TM_ASSIGN_OR_RETURN(info.sync_count, row.Get<SyncCount>(first));
  TM_ASSIGN_OR_RETURN(info.generation, row.Get<Generation>(first + 1));
  TM_ASSIGN_OR_RETURN(info.live, row.Get<bool>(first + 2));
  TM_ASSIGN_OR_RETURN(info.created_time, row.Get<absl::Time>(first + 3));
  TM_ASSIGN_OR_RETURN(info.modified_time, row.Get<absl::Time>(first + 4));
  TM_ASSIGN_OR_RETURN(info.modified_by, row.Get<std::string>(first + 5));
  TM_ASSIGN_OR_RETURN(info.live_records, row.Get<std::int64_t>(first + 6));
  TM_ASSIGN_OR_RETURN(info.bytes, row.Get<std::int64_t>(first + 7));
  TM_ASSIGN_OR_RETURN(info.deleted_at, row.Get<std::optional<SyncCount>>(first + 8));
  return info;
}

absl::StatusOr<Record> ParseRecord(const pg::Row& row, int first) {
  Record record;
  TM_ASSIGN_OR_RETURN(record.key, row.Get<std::string>(first));
  TM_ASSIGN_OR_RETURN(record.value, row.Get<std::optional<std::string>>(first + 1));
  TM_ASSIGN_OR_RETURN(record.sync_count, row.Get<SyncCount>(first + 2));
  TM_ASSIGN_OR_RETURN(record.modified_time, row.Get<absl::Time>(first + 3));
  TM_ASSIGN_OR_RETURN(record.device_modified_time, row.Get<absl::Time>(first + 4));
  TM_ASSIGN_OR_RETURN(record.modified_by, row.Get<std::string>(first + 5));
  return record;
}

}  // namespace tidemark::dataset
