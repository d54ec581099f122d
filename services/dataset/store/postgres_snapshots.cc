#include "services/dataset/store/postgres_snapshots.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/pg/transaction.h"
#include "services/dataset/store/postgres_rows.h"

namespace tidemark::dataset {
namespace {

constexpr absl::Duration kConnectPatience = absl::Seconds(1);

// Datasets are read in chunks of this many: a page of large ones does not read the descriptions of
// a thousand, and little of a page is held twice.
constexpr std::int32_t kChunk = 128;

// The planner takes a page for a single row, and would rather read both tables whole than go by the
// index from identity to identity.
constexpr std::string_view kByKeys =
    "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off;"
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off";

// Identities in order of owner, then their datasets: what the index on identities gives without
// looking at other pools. A bounded part of it: where few datasets are wanted, the statement would
// look at all of a large pool.
constexpr pg::Query kReadDatasets{
    "dataset_read_snapshots",
    "SELECT d.sync_count, d.generation, d.live, d.created_time, d.modified_time, d.modified_by,"
    "       d.live_records, d.bytes, d.deleted_at_count, d.owner, d.identity_id, d.name,"
    "       d.dataset_id"
    "  FROM (SELECT owner, identity_id, live_datasets FROM dataset.identity"
    "         WHERE pool_id = $1 AND (owner, identity_id) >= ($2, $3)"
    "         ORDER BY owner, identity_id LIMIT $7) AS i"
    "  JOIN dataset.dataset AS d"
    "    ON d.owner = i.owner AND d.pool_id = $1 AND d.identity_id = i.identity_id"
    " WHERE i.live_datasets > 0"
    "   AND (cardinality($4::smallint[]) = 0 OR (i.owner & 255)::smallint = ANY ($4))"
    "   AND (i.owner, i.identity_id, d.name) > ($2, $3, $5) AND d.live"
    " ORDER BY i.owner, i.identity_id, d.name"
    " LIMIT $6"};
// The first identity that kReadDatasets did not look at.
constexpr pg::Query kNextIdentity{"dataset_next_identity",
                                  "SELECT owner, identity_id FROM dataset.identity"
                                  " WHERE pool_id = $1 AND (owner, identity_id) >= ($2, $3)"
                                  " ORDER BY owner, identity_id OFFSET $4 LIMIT 1"};
constexpr pg::Query kGetDatasets{
    "dataset_get_snapshots",
    "SELECT d.sync_count, d.generation, d.live, d.created_time, d.modified_time, d.modified_by,"
    "       d.live_records, d.bytes, d.deleted_at_count, d.owner, d.identity_id, d.name,"
    "       d.dataset_id, k.n::integer"
    "  FROM unnest($2::bigint[], $3::text[], $4::text[])"
    "         WITH ORDINALITY AS k (owner, identity_id, name, n)"
    "  JOIN dataset.dataset AS d"
    "    ON d.owner = k.owner AND d.pool_id = $1 AND d.identity_id = k.identity_id"
    "   AND d.name = k.name"
    " ORDER BY k.n"};
constexpr pg::Query kRecords{
    "dataset_snapshot_records",
    "SELECT r.key, r.value, r.sync_count, r.modified_time, r.device_modified_time, r.modified_by,"
    "       r.owner, r.dataset_id"
    "  FROM unnest($1::bigint[], $2::bigint[]) AS d (owner, dataset_id)"
    "  JOIN dataset.record AS r ON r.owner = d.owner AND r.dataset_id = d.dataset_id"
    " WHERE r.value IS NOT NULL"
    " ORDER BY r.owner, r.dataset_id, r.key"};
constexpr pg::Query kCount{"dataset_count_snapshots",
                           "SELECT coalesce(sum(live_datasets), 0)::bigint FROM dataset.identity"
                           " WHERE pool_id = $1"};

constexpr int kKeyColumn = 9;  // owner, identity id, name, dataset id, and what follows

using Surrogate = std::pair<Owner, std::int64_t>;  // owner and dataset id

// A dataset of a result, and under what its records are.
struct Described {
  DatasetInfo info;
  std::int64_t dataset_id = 0;
};

absl::StatusOr<Described> ParseDescribed(const pg::Row& row, const std::string& pool_id) {
  TM_ASSIGN_OR_RETURN(const Owner owner, row.Get<Owner>(kKeyColumn));
  TM_ASSIGN_OR_RETURN(std::string identity_id, row.Get<std::string>(kKeyColumn + 1));
  TM_ASSIGN_OR_RETURN(std::string name, row.Get<std::string>(kKeyColumn + 2));
  Described described;
  TM_ASSIGN_OR_RETURN(described.dataset_id, row.Get<std::int64_t>(kKeyColumn + 3));
  TM_ASSIGN_OR_RETURN(
      described.info,
      ParseDatasetInfo(row, 0, {{pool_id, std::move(identity_id), owner}, std::move(name)}));
  return described;
}

// Appends `datasets` with their records.
absl::Status AddSnapshots(pg::Transaction& transaction, std::vector<Described> datasets,
                          std::vector<Snapshot>& snapshots) {
  constexpr int kSurrogate = 6;
  std::multimap<Surrogate, std::size_t> places;  // the same dataset may be asked for twice
  std::vector<Owner> owners;
  std::vector<std::int64_t> dataset_ids;
  for (Described& described : datasets) {
    const Surrogate surrogate{described.info.key.identity.owner, described.dataset_id};
    if (described.info.live) {
      if (!places.contains(surrogate)) {
        owners.push_back(surrogate.first);
        dataset_ids.push_back(surrogate.second);
      }
      places.emplace(surrogate, snapshots.size());
    }
    snapshots.push_back({.info = std::move(described.info), .records = {}});
  }
  if (owners.empty()) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const pg::Result records,
                      transaction.Run(kRecords, pg::Params(owners, dataset_ids)));
  for (const pg::Row row : records) {
    TM_ASSIGN_OR_RETURN(const Owner owner, row.Get<Owner>(kSurrogate));
    TM_ASSIGN_OR_RETURN(const std::int64_t dataset_id, row.Get<std::int64_t>(kSurrogate + 1));
    TM_ASSIGN_OR_RETURN(const Record record, ParseRecord(row, 0));
    const auto [first, last] = places.equal_range({owner, dataset_id});
    for (auto it = first; it != last; ++it) snapshots[it->second].records.push_back(record);
  }
  return absl::OkStatus();
}

// Fills a page chunk by chunk.
class PageReader {
 public:
  PageReader(pg::Transaction& transaction, const std::string& pool_id,
             std::span<const LogShard> log_shards, const SnapshotCursor& after,
             const SnapshotBounds& bounds)
      : transaction_(transaction), pool_id_(pool_id), bounds_(bounds), cursor_(after) {
    for (const LogShard shard : log_shards) shards_.push_back(shard.value());
  }

  absl::StatusOr<SnapshotPage> Read() {
    while (true) {
      TM_ASSIGN_OR_RETURN(const bool chunk_full, ReadChunk());
      if (full_) {
        page_.next = cursor_;
        break;
      }
      if (chunk_full) continue;
      TM_RETURN_IF_ERROR(PassExamined());
      break;
    }
    return std::move(page_);
  }

 private:
  // Adds what fits of the next datasets; whether there may be more in the identities looked at.
  absl::StatusOr<bool> ReadChunk() {
    examined_from_ = cursor_;
    TM_ASSIGN_OR_RETURN(
        const pg::Result result,
        transaction_.Run(kReadDatasets, pg::Params(pool_id_, cursor_.owner, cursor_.identity_id,
                                                   shards_, cursor_.name, std::int64_t{kChunk},
                                                   std::int64_t{bounds_.identities})));
    std::vector<Described> chunk;
    for (const pg::Row row : result) {
      if (full_) break;
      TM_ASSIGN_OR_RETURN(Described described, ParseDescribed(row, pool_id_));
      bytes_ += SnapshotBytes(described.info);
      chunk.push_back(std::move(described));
      full_ = bytes_ >= bounds_.bytes ||
              page_.snapshots.size() + chunk.size() == static_cast<std::size_t>(bounds_.datasets);
    }
    if (!chunk.empty()) cursor_ = CursorAt(chunk.back().info.key);
    TM_RETURN_IF_ERROR(AddSnapshots(transaction_, std::move(chunk), page_.snapshots));
    return result.size() == kChunk;
  }

  // All that was looked at has been taken: goes on with the first identity after it, if any.
  absl::Status PassExamined() {
    TM_ASSIGN_OR_RETURN(
        const pg::Result next,
        transaction_.Run(kNextIdentity,
                         pg::Params(pool_id_, examined_from_.owner, examined_from_.identity_id,
                                    std::int64_t{bounds_.identities})));
    if (next.empty()) return absl::OkStatus();
    TM_ASSIGN_OR_RETURN(auto row, (next[0].Parse<Owner, std::string>()));
    page_.next = {std::get<0>(row), std::move(std::get<1>(row)), ""};
    return absl::OkStatus();
  }

  pg::Transaction& transaction_;
  const std::string& pool_id_;
  const SnapshotBounds& bounds_;
  std::vector<std::int16_t> shards_;
  SnapshotCursor cursor_;
  SnapshotCursor examined_from_;  // of the last chunk
  SnapshotPage page_;
  std::int64_t bytes_ = 0;
  bool full_ = false;
};

absl::StatusOr<pg::Transaction> Begin(pg::Connection& connection, absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(pg::Transaction transaction,
                      pg::Transaction::Begin(connection, deadline, pg::Isolation::kRepeatableRead));
  TM_RETURN_IF_ERROR(transaction.RunScript(kByKeys));
  return transaction;
}

}  // namespace

PostgresSnapshots::PostgresSnapshots(const pg::ConnectOptions& options, Random& random)
    : connections_(options, nullptr, random) {}

absl::StatusOr<pg::Connection*> PostgresSnapshots::Connect(absl::Time deadline) {
  return connections_.Acquire(std::min(deadline - absl::Now(), kConnectPatience));
}

absl::StatusOr<SnapshotPage> PostgresSnapshots::Read(const std::string& pool_id,
                                                     std::span<const LogShard> log_shards,
                                                     const SnapshotCursor& after,
                                                     const SnapshotBounds& bounds,
                                                     absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(pg::Connection* const connection, Connect(deadline));
  TM_ASSIGN_OR_RETURN(pg::Transaction transaction, Begin(*connection, deadline));
  TM_ASSIGN_OR_RETURN(SnapshotPage page,
                      PageReader(transaction, pool_id, log_shards, after, bounds).Read());
  TM_RETURN_IF_ERROR(std::move(transaction).Commit());
  return page;
}

absl::StatusOr<FoundSnapshots> PostgresSnapshots::Get(const std::string& pool_id,
                                                      std::span<const DatasetKey> datasets,
                                                      std::int64_t max_bytes, absl::Time deadline) {
  std::vector<Owner> owners;
  std::vector<std::string> identity_ids;
  std::vector<std::string> names;
  for (const DatasetKey& key : datasets) {
    owners.push_back(key.identity.owner);
    identity_ids.push_back(key.identity.identity_id);
    names.push_back(key.name);
  }
  TM_ASSIGN_OR_RETURN(pg::Connection* const connection, Connect(deadline));
  TM_ASSIGN_OR_RETURN(pg::Transaction transaction, Begin(*connection, deadline));
  TM_ASSIGN_OR_RETURN(
      const pg::Result result,
      transaction.Run(kGetDatasets, pg::Params(pool_id, owners, identity_ids, names)));
  FoundSnapshots found{.snapshots = {}, .examined = static_cast<std::int32_t>(datasets.size())};
  std::vector<Described> taken;
  std::int64_t bytes = 0;
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(Described described, ParseDescribed(row, pool_id));
    if (described.info.live) bytes += SnapshotBytes(described.info);
    taken.push_back(std::move(described));
    if (bytes >= max_bytes) {
      TM_ASSIGN_OR_RETURN(found.examined, row.Get<std::int32_t>(kKeyColumn + 4));
      break;
    }
  }
  TM_RETURN_IF_ERROR(AddSnapshots(transaction, std::move(taken), found.snapshots));
  TM_RETURN_IF_ERROR(std::move(transaction).Commit());
  return found;
}

absl::StatusOr<std::int64_t> PostgresSnapshots::Count(const std::string& pool_id,
                                                      absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(pg::Connection* const connection, Connect(deadline));
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connection->Run(kCount, pg::Params(pool_id), deadline));
  TM_ASSIGN_OR_RETURN(const auto row, result.ParseOnly<std::int64_t>());
  return std::get<0>(row);
}

}  // namespace tidemark::dataset
