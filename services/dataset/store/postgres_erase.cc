#include "services/dataset/store/postgres_erase.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/pg/transaction.h"
#include "services/dataset/store/postgres_changes.h"

namespace tidemark::dataset {
namespace {

constexpr pg::Query kLogBounds{
    "dataset_erase_log_bounds",
    "SELECT emptied_through, dataset.change_log_end() FROM dataset.change_log_state"};
constexpr pg::Query kCountLog{"dataset_erase_count_log",
                              "SELECT count(*) FROM dataset.change_log WHERE owner = $1 AND "
                              "position > $2 AND position <= $3"};
constexpr pg::Query kProof{
    "dataset_erase_proof",
    "SELECT count(*), coalesce(sum(d.bytes) FILTER (WHERE d.live), 0)::bigint,"
    "       coalesce(sum((SELECT count(*) FROM dataset.record AS r"
    "                      WHERE r.owner = d.owner AND r.dataset_id = d.dataset_id)), 0)::bigint,"
    "       coalesce(array_agg(d.name ORDER BY d.name) FILTER (WHERE d.live), '{}')"
    "  FROM dataset.dataset AS d WHERE d.owner = $1 AND d.pool_id = $2 AND d.identity_id = $3"};
constexpr pg::Query kErase{"dataset_erase", "SELECT dataset.erase_identity($1, $2, $3)::text"};

// How many positions a statement looks at: it must end within the statement timeout.
constexpr std::int64_t kChunk = 1'000'000;

using LogBounds = std::tuple<std::int64_t, std::int64_t>;  // emptied through, end

absl::StatusOr<std::int64_t> CountOf(const absl::StatusOr<pg::Result>& result) {
  TM_RETURN_IF_ERROR(result.status());
  TM_ASSIGN_OR_RETURN(const auto row, result->ParseOnly<std::int64_t>());
  return std::get<0>(row);
}

// Counts the identity's rows of the log up to its end. The log is not indexed by owner, for the
// sake of every write: this reads it, without holding anyone up.
absl::StatusOr<std::int64_t> CountLog(pg::Connection& connection, Owner owner,
                                      const LogBounds& bounds, absl::Time deadline) {
  const auto [begin, end] = bounds;
  std::int64_t rows = 0;
  for (std::int64_t from = begin; from < end; from += kChunk) {
    const std::int64_t to = std::min(end, from + kChunk);
    TM_ASSIGN_OR_RETURN(const std::int64_t found,
                        CountOf(connection.Run(kCountLog, pg::Params(owner, from, to), deadline)));
    rows += found;
  }
  return rows;
}

}  // namespace

absl::StatusOr<Erased> EraseOnce(pg::Connection& connection, const EraseRequest& request,
                                 absl::Time deadline) {
  const IdentityKey& identity = request.identity;
  const auto key = [&identity] {
    return pg::Params(identity.owner, identity.pool_id, identity.identity_id);
  };
  // Most of the log before anything is locked, the rest at the end.
  TM_ASSIGN_OR_RETURN(const pg::Result log, connection.Run(kLogBounds, pg::Params(), deadline));
  TM_ASSIGN_OR_RETURN(const LogBounds bounds, (log.ParseOnly<std::int64_t, std::int64_t>()));
  TM_ASSIGN_OR_RETURN(const std::int64_t rows_before,
                      CountLog(connection, identity.owner, bounds, deadline));

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
  TM_ASSIGN_OR_RETURN(
      const std::int64_t rows_after,
      CountOf(transaction.Run(kCountLog, pg::Params(identity.owner, std::get<1>(bounds),
                                                    std::numeric_limits<std::int64_t>::max()))));
  erased.change_log_rows = rows_before + rows_after;
  TM_RETURN_IF_ERROR(std::move(transaction).Commit());
  return erased;
}

}  // namespace tidemark::dataset
