#include "services/dataset/store/postgres_erase.h"

#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/pg/transaction.h"
#include "services/dataset/store/postgres_changes.h"

namespace tidemark::dataset {
namespace {

// The log is not indexed by owner, for the sake of every write: its rows are counted by reading
// it, without locks. With the position up to which they were.
constexpr pg::Query kCountLog{
    "dataset_erase_count_log",
    "SELECT count(*) FILTER (WHERE owner = $1), coalesce(max(position), $2)"
    " FROM dataset.change_log WHERE position > $2"};
constexpr pg::Query kProof{
    "dataset_erase_proof",
    "SELECT count(*), coalesce(sum(d.bytes) FILTER (WHERE d.live), 0)::bigint,"
    "       coalesce(sum((SELECT count(*) FROM dataset.record AS r"
    "                      WHERE r.owner = d.owner AND r.dataset_id = d.dataset_id)), 0)::bigint,"
    "       coalesce(array_agg(d.name ORDER BY d.name) FILTER (WHERE d.live), '{}')"
    "  FROM dataset.dataset AS d WHERE d.owner = $1 AND d.pool_id = $2 AND d.identity_id = $3"};
constexpr pg::Query kErase{"dataset_erase", "SELECT dataset.erase_identity($1, $2, $3)::text"};

using LogCount = std::tuple<std::int64_t, std::int64_t>;

absl::StatusOr<LogCount> CountOf(const absl::StatusOr<pg::Result>& result) {
  TM_RETURN_IF_ERROR(result.status());
  return result->ParseOnly<std::int64_t, std::int64_t>();
}

}  // namespace

absl::StatusOr<Erased> EraseOnce(pg::Connection& connection, const EraseRequest& request,
                                 absl::Time deadline) {
  const IdentityKey& identity = request.identity;
  const auto key = [&identity] {
    return pg::Params(identity.owner, identity.pool_id, identity.identity_id);
  };
  // Most of the log before anything is locked, the rest at the end.
  TM_ASSIGN_OR_RETURN(
      const LogCount before,
      CountOf(connection.Run(kCountLog, pg::Params(identity.owner, std::int64_t{0}), deadline)));
  const auto [rows_before, counted_to] = before;

  TM_ASSIGN_OR_RETURN(pg::Transaction transaction, pg::Transaction::Begin(connection, deadline));
  TM_RETURN_IF_ERROR(LockIdentities(transaction, {identity}));
  Erased erased;
  TM_ASSIGN_OR_RETURN(erased.time, Now(transaction));
  TM_ASSIGN_OR_RETURN(const pg::Result proof, transaction.Run(kProof, key()));
  TM_ASSIGN_OR_RETURN(
      const auto row,
      (proof.ParseOnly<std::int64_t, std::int64_t, std::int64_t, std::vector<std::string>>()));
  std::vector<std::string> live;
  std::tie(erased.datasets, erased.bytes, erased.records, live) = row;
  for (const std::string& name : live) {
    TM_RETURN_IF_ERROR(
        DeleteDataset(transaction, {identity, name}, request.pool_number, request.origin).status());
  }
  TM_RETURN_IF_ERROR(transaction.Run(kErase, key()).status());
  TM_ASSIGN_OR_RETURN(const LogCount after,
                      CountOf(transaction.Run(kCountLog, pg::Params(identity.owner, counted_to))));
  erased.change_log_rows = rows_before + std::get<0>(after);
  TM_RETURN_IF_ERROR(std::move(transaction).Commit());
  return erased;
}

}  // namespace tidemark::dataset
