#include "services/dataset/store/postgres_changes.h"

#include <cstdint>
#include <vector>

#include "common/base/status_macros.h"
#include "common/errors/sqlstate.h"
#include "services/dataset/store/change_body.h"
#include "services/dataset/store/postgres_rows.h"

namespace tidemark::dataset {
namespace {

// What is deleted was live until then.
constexpr pg::Query kDelete{
    "dataset_delete",
    "SELECT sync_count, generation, true, created_time, modified_time, modified_by, live_records,"
    " bytes, deleted_at_count, outcome"
    " FROM dataset.delete_dataset($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};
constexpr pg::Query kLockIdentities{"dataset_lock_identities",
                                    "SELECT dataset.lock_identities($1, $2, $3)::text"};
constexpr pg::Query kNow{"dataset_now", "SELECT date_trunc('milliseconds', clock_timestamp())"};

pg::Params DeleteParams(const DatasetKey& dataset, PoolNumber pool_number,
                        const ChangeOrigin& origin,
                        const std::optional<RequestIdentity>& identity) {
  const auto request = identity ? std::optional(RequestUuid(*identity)) : std::nullopt;
  const auto content = identity ? std::optional(ToUuid(identity->content)) : std::nullopt;
  const auto traceparent =
      origin.traceparent.empty() ? std::nullopt : std::optional(origin.traceparent);
  return pg::Params(dataset.identity.owner, dataset.identity.pool_id, dataset.identity.identity_id,
                    dataset.name, pool_number, request, content, origin.modified_by, traceparent,
                    pg::Bytes{DeletionBody(dataset, origin)});
}

absl::StatusOr<DeleteOutcome> ParseOutcome(const DatasetKey& dataset, const pg::Result& result) {
  using Kind = DeleteOutcome::Kind;
  constexpr int kOutcome = 9;
  if (result.size() != 1) return errors::InternalError("a deletion without an outcome");
  TM_ASSIGN_OR_RETURN(const std::int16_t outcome, result[0].Get<std::int16_t>(kOutcome));
  if (outcome == 2) return DeleteOutcome{Kind::kRequestIdReused, {}};
  if (outcome == 3) return DeleteOutcome{Kind::kNotFound, {}};
  TM_ASSIGN_OR_RETURN(DatasetInfo info, ParseDatasetInfo(result[0], 0, dataset));
  return DeleteOutcome{outcome == 0 ? Kind::kDeleted : Kind::kReplayed, std::move(info)};
}

}  // namespace

absl::StatusOr<DeleteOutcome> DeleteDataset(pg::Connection& connection,
                                            const DeleteRequest& request, absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connection.Run(kDelete,
                                     DeleteParams(request.dataset, request.pool_number,
                                                  request.origin, request.identity),
                                     deadline));
  return ParseOutcome(request.dataset, result);
}

absl::StatusOr<DeleteOutcome> DeleteDataset(pg::Transaction& transaction, const DatasetKey& dataset,
                                            PoolNumber pool_number, const ChangeOrigin& origin) {
  TM_ASSIGN_OR_RETURN(
      const pg::Result result,
      transaction.Run(kDelete, DeleteParams(dataset, pool_number, origin, std::nullopt)));
  return ParseOutcome(dataset, result);
}

absl::Status LockIdentities(pg::Transaction& transaction,
                            const std::vector<IdentityKey>& identities) {
  std::vector<Owner> owners;
  std::vector<std::string> pool_ids;
  std::vector<std::string> identity_ids;
  for (const IdentityKey& identity : identities) {
    owners.push_back(identity.owner);
    pool_ids.push_back(identity.pool_id);
    identity_ids.push_back(identity.identity_id);
  }
  return transaction.Run(kLockIdentities, pg::Params(owners, pool_ids, identity_ids)).status();
}

absl::StatusOr<absl::Time> Now(pg::Transaction& transaction) {
  TM_ASSIGN_OR_RETURN(const pg::Result result, transaction.Run(kNow, pg::Params()));
  TM_ASSIGN_OR_RETURN(const auto row, result.ParseOnly<absl::Time>());
  return std::get<0>(row);
}

}  // namespace tidemark::dataset
