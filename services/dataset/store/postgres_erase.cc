#include "services/dataset/store/postgres_erase.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/pg/transaction.h"
#include "services/dataset/store/postgres_changes.h"

namespace tidemark::dataset {
namespace {

// The rows stay locked: upkeep deletes none of these records before they are counted.
constexpr pg::Query kQueued{
    "dataset_erase_queued",
    "SELECT dataset_id FROM dataset.record_purge"
    " WHERE owner = $1 AND pool_id = $2 AND identity_id = $3 ORDER BY dataset_id FOR UPDATE"};
constexpr pg::Query kCountRecords{
    "dataset_erase_count_records",
    "SELECT count(*) FROM dataset.record WHERE owner = $1 AND dataset_id = $2"};
constexpr pg::Query kProof{
    "dataset_erase_proof",
    "SELECT count(*), coalesce(sum(d.bytes) FILTER (WHERE d.live), 0)::bigint,"
    "       coalesce(sum(d.keys), 0)::bigint,"
    "       coalesce(array_agg(d.name ORDER BY d.name) FILTER (WHERE d.live), '{}')"
    "  FROM dataset.dataset AS d WHERE d.owner = $1 AND d.pool_id = $2 AND d.identity_id = $3"};
constexpr pg::Query kErase{"dataset_erase", "SELECT dataset.erase_identity($1, $2, $3)::text"};
constexpr pg::Query kPurge{"dataset_erase_purge",
                           "SELECT dataset.purge_records_of($1, $2, $3, $4)"};
constexpr pg::Query kLogBounds{
    "dataset_erase_log_bounds",
    "SELECT emptied_through, dataset.change_log_end() FROM dataset.change_log_state"};
constexpr pg::Query kCountLog{"dataset_erase_count_log",
                              "SELECT count(*) FROM dataset.change_log WHERE owner = $1 AND "
                              "position > $2 AND position <= $3"};

// What a statement deletes or looks at: it must end within the statement timeout.
constexpr std::int32_t kPurgeChunk = 1'000;
constexpr std::int64_t kLogChunk = 100'000;
// The log is not indexed by owner, for the sake of every write: counting reads all of it.
constexpr absl::Duration kCountTime = absl::Seconds(3);

pg::Params KeyOf(const IdentityKey& identity) {
  return pg::Params(identity.owner, identity.pool_id, identity.identity_id);
}

// Records of deleted datasets that upkeep has not come to.
absl::StatusOr<std::int64_t> CountQueued(pg::Transaction& transaction,
                                         const IdentityKey& identity) {
  TM_ASSIGN_OR_RETURN(const pg::Result queued, transaction.Run(kQueued, KeyOf(identity)));
  TM_ASSIGN_OR_RETURN(const auto dataset_ids, queued.ParseAll<std::int64_t>());
  std::int64_t records = 0;
  for (const auto& [dataset_id] : dataset_ids) {
    TM_ASSIGN_OR_RETURN(const pg::Result counted,
                        transaction.Run(kCountRecords, pg::Params(identity.owner, dataset_id)));
    TM_ASSIGN_OR_RETURN(const auto row, counted.ParseOnly<std::int64_t>());
    records += std::get<0>(row);
  }
  return records;
}

}  // namespace

absl::StatusOr<Erased> EraseOnce(pg::Connection& connection, const EraseRequest& request,
                                 absl::Time deadline) {
  const IdentityKey& identity = request.identity;
  TM_ASSIGN_OR_RETURN(pg::Transaction transaction, pg::Transaction::Begin(connection, deadline));
  TM_RETURN_IF_ERROR(LockIdentities(transaction, {identity}));
  Erased erased;
  TM_ASSIGN_OR_RETURN(erased.time, Now(transaction));
  TM_ASSIGN_OR_RETURN(const std::int64_t queued, CountQueued(transaction, identity));
  TM_ASSIGN_OR_RETURN(const pg::Result proof, transaction.Run(kProof, KeyOf(identity)));
  TM_ASSIGN_OR_RETURN(
      const auto row,
      (proof.ParseOnly<std::int64_t, std::int64_t, std::int64_t, std::vector<std::string>>()));
  std::vector<std::string> live;
  std::tie(erased.datasets, erased.bytes, erased.records, live) = row;
  erased.records += queued;
  for (const std::string& name : live) {
    TM_RETURN_IF_ERROR(
        DeleteDataset(transaction, {identity, name}, request.pool_number, request.origin).status());
  }
  TM_RETURN_IF_ERROR(transaction.Run(kErase, KeyOf(identity)).status());
  TM_RETURN_IF_ERROR(std::move(transaction).Commit());
  return erased;
}

absl::StatusOr<bool> PurgeErased(pg::Connection& connection, const IdentityKey& identity,
                                 absl::Time deadline) {
  pg::Params params = KeyOf(identity);
  params.Add(kPurgeChunk);
  TM_ASSIGN_OR_RETURN(const pg::Result result, connection.Run(kPurge, params, deadline));
  TM_ASSIGN_OR_RETURN(const auto row, result.ParseOnly<std::optional<std::int32_t>>());
  return !std::get<0>(row).has_value();
}

absl::StatusOr<std::int64_t> CountInLog(pg::Connection& connection, Owner owner,
                                        absl::Time deadline) {
  const absl::Time until = std::min(deadline, absl::Now() + kCountTime);
  TM_ASSIGN_OR_RETURN(const pg::Result log, connection.Run(kLogBounds, pg::Params(), until));
  TM_ASSIGN_OR_RETURN(const auto bounds, (log.ParseOnly<std::int64_t, std::int64_t>()));
  const auto& [begin, end] = bounds;
  std::int64_t rows = 0;
  for (std::int64_t from = begin; from < end; from += kLogChunk) {
    const std::int64_t to = std::min(end, from + kLogChunk);
    TM_ASSIGN_OR_RETURN(const pg::Result result,
                        connection.Run(kCountLog, pg::Params(owner, from, to), until));
    TM_ASSIGN_OR_RETURN(const auto row, result.ParseOnly<std::int64_t>());
    rows += std::get<0>(row);
  }
  return rows;
}

}  // namespace tidemark::dataset
