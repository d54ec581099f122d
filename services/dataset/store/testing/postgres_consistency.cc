#include "services/dataset/store/testing/postgres_consistency.h"

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/errors/sqlstate.h"
#include "services/dataset/store/postgres_rows.h"
#include "tidemark/change/v1/change.pb.h"

namespace tidemark::dataset {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(2);

constexpr pg::Query kReadLog{
    "consistency_read_log",
    "SELECT position, pool_number, owner, sync_count, generation, kind::integer, commit_time,"
    "       coalesce(traceparent, ''), body, log_shard::integer"
    "  FROM dataset.change_log ORDER BY position"};
constexpr pg::Query kReadDatasets{
    "consistency_read_datasets",
    "SELECT sync_count, generation, live, created_time, modified_time, modified_by, live_records,"
    "       bytes, deleted_at_count, owner, pool_id, identity_id, name, dataset_id"
    "  FROM dataset.dataset"};
constexpr pg::Query kReadRecords{
    "consistency_read_records",
    "SELECT key, value, sync_count, modified_time, device_modified_time, modified_by"
    "  FROM dataset.record WHERE owner = $1 AND dataset_id = $2"};
constexpr pg::Query kEmptied{"consistency_emptied",
                             "SELECT emptied_through FROM dataset.change_log_state"};

constexpr pg::Query kDatasetFaults{"consistency_datasets", R"sql(
SELECT format('dataset %s of %s: holds %s records, %s keys, %s bytes, says %s, %s, %s; count %s, a record''s %s',
              d.name, d.identity_id, h.records, h.keys, h.bytes, d.live_records, d.keys, d.bytes,
              d.sync_count, h.max_count)
  FROM dataset.dataset AS d
 CROSS JOIN LATERAL
   (SELECT count(r.value) AS records, count(*) AS keys,
           coalesce(sum(octet_length(r.key) + octet_length(r.value)), 0) AS bytes,
           coalesce(max(r.sync_count), 0) AS max_count
      FROM dataset.record AS r
     WHERE r.owner = d.owner AND r.dataset_id = d.dataset_id) AS h
 WHERE h.keys <> d.keys OR h.max_count > d.sync_count OR d.sync_count = 0
    OR (d.live AND (h.records <> d.live_records OR h.bytes <> d.bytes))
    OR (NOT d.live AND h.keys > 0)
 LIMIT 20
)sql"};
constexpr pg::Query kRecordFaults{"consistency_records", R"sql(
SELECT format('%s records of nobody under %s, %s', count(*), r.owner, r.dataset_id)
  FROM dataset.record AS r
 WHERE NOT EXISTS (SELECT FROM dataset.dataset AS d
                    WHERE d.owner = r.owner AND d.dataset_id = r.dataset_id)
   AND NOT EXISTS (SELECT FROM dataset.record_purge AS q
                    WHERE q.owner = r.owner AND q.dataset_id = r.dataset_id)
 GROUP BY r.owner, r.dataset_id
 LIMIT 20
)sql"};
constexpr pg::Query kIdentityFaults{"consistency_identities", R"sql(
SELECT format('identity %s: has %s live datasets, %s names, says %s, %s',
              coalesce(i.identity_id, d.identity_id), d.live, d.names, i.live_datasets,
              i.dataset_names)
  FROM dataset.identity AS i
  FULL JOIN (SELECT owner, pool_id, identity_id, count(*) FILTER (WHERE live) AS live,
                    count(*) AS names
               FROM dataset.dataset GROUP BY owner, pool_id, identity_id) AS d
 USING (owner, pool_id, identity_id)
 WHERE (i.live_datasets, i.dataset_names) IS DISTINCT FROM (d.live::integer, d.names::integer)
 LIMIT 20
)sql"};
constexpr pg::Query kPoolFaults{"consistency_pools", R"sql(
SELECT format('pool %s: holds %s bytes, says %s', pool_id, sum(held), sum(said))
  FROM (SELECT pool_id, bytes AS held, 0 AS said FROM dataset.dataset WHERE live
         UNION ALL SELECT pool_id, 0, bytes FROM dataset.pool_usage
         UNION ALL SELECT pool_id, 0, bytes FROM dataset.usage_delta) AS pools
 GROUP BY pool_id
HAVING sum(held) <> sum(said)
 LIMIT 20
)sql"};

absl::Time ToTime(const google::protobuf::Timestamp& proto) {
  return absl::FromUnixSeconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

std::vector<Record> RecordsOf(const change::v1::Change& change, SyncCount count, absl::Time time) {
  std::vector<Record> records;
  for (const change::v1::RecordChange& proto : change.records()) {
    Record& record = records.emplace_back();
    record.key = proto.key();
    if (proto.has_value()) record.value = proto.value();
    record.sync_count = proto.sync_count() > 0 ? SyncCount(proto.sync_count()) : count;
    record.modified_time =
        proto.has_last_modified_time() ? ToTime(proto.last_modified_time()) : time;
    record.device_modified_time =
        proto.has_device_last_modified_time() ? ToTime(proto.device_last_modified_time()) : time;
    record.modified_by = change.modified_by();
  }
  return records;
}

// A dataset as the log tells it.
struct Played {
  SyncCount sync_count;
  Generation generation;
  bool live = false;
  std::map<std::string, Record> records;
};
using Chains = std::map<DatasetKey, Played>;

// Adds a change to its dataset's chain; what is wrong with it, or nothing.
std::optional<std::string> Play(const LoggedChange& change, bool from_start, Chains& chains) {
  const auto [place, first] = chains.try_emplace(change.dataset);
  Played& played = place->second;
  const std::int64_t before = played.sync_count.value();
  const std::int64_t count = change.sync_count.value();
  const bool copy = change.kind == LoggedChange::Kind::kSnapshot;
  // After an erasure the name is new again.
  const bool anew = !played.live && change.generation == Generation(1);
  const bool fits = count == before + 1 || (copy && count > before) ||
                    (anew && (copy || count == 1)) || (first && !from_start);
  if (change.kind == LoggedChange::Kind::kDelete || copy) played.records.clear();
  played.sync_count = change.sync_count;
  played.generation = change.generation;
  played.live = change.kind != LoggedChange::Kind::kDelete;
  for (const Record& record : change.records) played.records[record.key] = record;
  if (fits) return std::nullopt;
  return absl::StrCat("log: at position ", change.position, " dataset ", change.dataset.name,
                      " of ", change.dataset.identity.identity_id, " goes from count ", before,
                      " to ", count);
}

// What the log says of the dataset and its records against what is stored.
absl::StatusOr<std::optional<std::string>> Compare(pg::Connection& connection,
                                                   const DatasetInfo& info, std::int64_t dataset_id,
                                                   const Played& played, absl::Time deadline) {
  const std::string name =
      absl::StrCat("dataset ", info.key.name, " of ", info.key.identity.identity_id);
  if (played.sync_count != info.sync_count || played.live != info.live) {
    return absl::StrCat(name, " is at count ", info.sync_count.value(), ", in the log at ",
                        played.sync_count.value());
  }
  if (!info.live) return std::nullopt;
  TM_ASSIGN_OR_RETURN(
      const pg::Result result,
      connection.Run(kReadRecords, pg::Params(info.key.identity.owner, dataset_id), deadline));
  std::size_t matching = 0;
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(const Record record, ParseRecord(row, 0));
    const auto logged = played.records.find(record.key);
    // Snapshots hold neither tombstones nor each record's writer.
    if (logged == played.records.end()) {
      if (record.value) return absl::StrCat(name, ": record ", record.key, " is not in the log");
      continue;
    }
    ++matching;
    if (logged->second.value != record.value || logged->second.sync_count != record.sync_count ||
        logged->second.modified_time != record.modified_time) {
      return absl::StrCat(name, ": record ", record.key, " is at count ", record.sync_count.value(),
                          ", in the log at ", logged->second.sync_count.value());
    }
  }
  if (matching == played.records.size()) return std::nullopt;
  return absl::StrCat(name, " lacks ", played.records.size() - matching, " records of the log");
}

absl::Status CheckLog(pg::Connection& connection, absl::Time deadline,
                      std::vector<std::string>& faults) {
  TM_ASSIGN_OR_RETURN(const std::vector<LoggedChange> log, ReadChangeLog(connection));
  TM_ASSIGN_OR_RETURN(const pg::Result state, connection.Run(kEmptied, pg::Params(), deadline));
  TM_ASSIGN_OR_RETURN(const auto emptied, state.ParseOnly<std::int64_t>());
  const bool from_start = std::get<0>(emptied) == 0;
  Chains chains;
  for (const LoggedChange& change : log) {
    if (auto fault = Play(change, from_start, chains)) faults.push_back(*std::move(fault));
  }
  if (!from_start) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const pg::Result datasets,
                      connection.Run(kReadDatasets, pg::Params(), deadline));
  for (const pg::Row row : datasets) {
    constexpr int kKey = 9;
    DatasetKey key;
    TM_ASSIGN_OR_RETURN(key.identity.owner, row.Get<Owner>(kKey));
    TM_ASSIGN_OR_RETURN(key.identity.pool_id, row.Get<std::string>(kKey + 1));
    TM_ASSIGN_OR_RETURN(key.identity.identity_id, row.Get<std::string>(kKey + 2));
    TM_ASSIGN_OR_RETURN(key.name, row.Get<std::string>(kKey + 3));
    TM_ASSIGN_OR_RETURN(const std::int64_t dataset_id, row.Get<std::int64_t>(kKey + 4));
    TM_ASSIGN_OR_RETURN(const DatasetInfo info, ParseDatasetInfo(row, 0, key));
    TM_ASSIGN_OR_RETURN(auto fault, Compare(connection, info, dataset_id, chains[key], deadline));
    if (fault) faults.push_back(*std::move(fault));
    chains.erase(key);
  }
  for (const auto& [key, played] : chains) {  // what is stored no more
    if (played.live) faults.push_back(absl::StrCat("dataset ", key.name, " is only in the log"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<LoggedChange>> ReadChangeLog(pg::Connection& connection) {
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connection.Run(kReadLog, pg::Params(), absl::Now() + kPatience));
  std::vector<LoggedChange> log;
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(
        const auto columns,
        (row.Parse<std::int64_t, PoolNumber, Owner, SyncCount, Generation, std::int32_t, absl::Time,
                   std::string, std::string, std::int32_t>()));
    const auto& [position, pool_number, owner, count, generation, kind, time, traceparent, body,
                 shard] = columns;
    change::v1::Change change;
    if (!change.ParseFromString(body)) return errors::InternalError("a body that is no Change");
    if (shard != LogShardOf(owner).value()) return errors::InternalError("a wrong log shard");
    log.push_back({.position = position,
                   .kind = static_cast<LoggedChange::Kind>(kind),
                   .dataset = {{change.identity_pool_id(), change.identity_id(), owner},
                               change.dataset_name()},
                   .pool_number = pool_number,
                   .sync_count = count,
                   .generation = generation,
                   .time = time,
                   .origin = {change.modified_by(), change.device_id(), traceparent},
                   .records = RecordsOf(change, count, time)});
  }
  return log;
}

absl::StatusOr<std::vector<std::string>> FindInconsistencies(pg::Connection& connection) {
  const absl::Time deadline = absl::Now() + kPatience;
  std::vector<std::string> faults;
  for (const pg::Query* query : {&kDatasetFaults, &kRecordFaults, &kIdentityFaults, &kPoolFaults}) {
    TM_ASSIGN_OR_RETURN(const pg::Result result, connection.Run(*query, pg::Params(), deadline));
    TM_ASSIGN_OR_RETURN(const auto rows, result.ParseAll<std::string>());
    for (const auto& [fault] : rows) faults.push_back(fault);
  }
  TM_RETURN_IF_ERROR(CheckLog(connection, deadline, faults));
  return faults;
}

}  // namespace tidemark::dataset
