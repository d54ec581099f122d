#include "services/publisher/store/postgres_bulk_rows.h"

#include <cstdint>
#include <string>

#include "common/pg/query.h"

namespace tidemark::publisher {
namespace {

constexpr pg::Query kStoreBulk{
    "publisher_store_bulk",
    "INSERT INTO publisher.bulk_cursor (pool_number, job, log_shard, owner, identity_id,"
    "  dataset_name, done, datasets, failed, bytes, failed_identity_id, failed_dataset_name,"
    "  failure)"
    " SELECT * FROM unnest($1::integer[], $2::bigint[], $3::smallint[], $4::bigint[], $5::text[],"
    "   $6::text[], $7::boolean[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[],"
    "   $12::text[], $13::text[])"
    " ON CONFLICT (pool_number, job, log_shard) DO UPDATE"
    " SET owner = excluded.owner, identity_id = excluded.identity_id,"
    "     dataset_name = excluded.dataset_name, done = excluded.done,"
    "     datasets = excluded.datasets, failed = excluded.failed, bytes = excluded.bytes,"
    "     failed_identity_id = excluded.failed_identity_id,"
    "     failed_dataset_name = excluded.failed_dataset_name, failure = excluded.failure"};

constexpr pg::Query kHeal{
    "publisher_heal",
    "UPDATE publisher.destination AS d SET gapped_through = 0, gapped_time = NULL"
    "  FROM unnest($1::integer[], $2::bigint[], $3::timestamptz[]) AS healed (pool, e, since)"
    " WHERE (d.pool_number, d.epoch) = (healed.pool, healed.e) AND d.gapped_through > 0"
    "   AND coalesce(d.gapped_time, '-infinity') < healed.since"};

}  // namespace

absl::Status StoreBulk(pg::Transaction& transaction, const std::vector<BulkRow>& rows) {
  std::vector<std::int32_t> pools;
  std::vector<std::int64_t> jobs, owners, datasets, failed, bytes;
  std::vector<std::int16_t> shards;
  std::vector<std::string> identities, names, failed_identities, failed_names, failures;
  std::vector<bool> done;
  for (const BulkRow& row : rows) {
    pools.push_back(row.pool_number);
    jobs.push_back(row.job);
    shards.push_back(row.log_shard.value());
    owners.push_back(row.shard.place.owner);
    identities.push_back(row.shard.place.identity_id);
    names.push_back(row.shard.place.dataset_name);
    done.push_back(row.shard.done);
    datasets.push_back(row.shard.counts.datasets);
    failed.push_back(row.shard.counts.failed);
    bytes.push_back(row.shard.counts.bytes);
    const BulkFailure failure = row.shard.failure.value_or(BulkFailure{});
    failed_identities.push_back(failure.identity_id);
    failed_names.push_back(failure.dataset_name);
    failures.push_back(failure.error);
  }
  return transaction
      .Run(kStoreBulk, pg::Params(pools, jobs, shards, owners, identities, names, done, datasets,
                                  failed, bytes, failed_identities, failed_names, failures))
      .status();
}

absl::Status StoreHealed(pg::Transaction& transaction, const std::vector<Healed>& healed) {
  std::vector<std::int32_t> pools;
  std::vector<std::int64_t> epochs;
  std::vector<absl::Time> since;
  for (const Healed& one : healed) {
    pools.push_back(one.destination.pool_number);
    epochs.push_back(one.destination.epoch);
    since.push_back(one.since);
  }
  return transaction.Run(kHeal, pg::Params(pools, epochs, since)).status();
}

}  // namespace tidemark::publisher
