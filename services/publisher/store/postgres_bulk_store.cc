#include "services/publisher/store/postgres_bulk_store.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/pg/query.h"

namespace tidemark::publisher {
namespace {

constexpr absl::Duration kConnectPatience = absl::Seconds(1);

constexpr pg::Query kLoad{"publisher_load_bulk",
                          "SELECT log_shard, owner, identity_id, dataset_name, done, datasets,"
                          "       failed, bytes, failed_identity_id, failed_dataset_name, failure"
                          "  FROM publisher.bulk_cursor WHERE pool_number = $1 AND job = $2"};

constexpr pg::Query kForget{
    "publisher_forget_bulk",
    "DELETE FROM publisher.bulk_cursor AS c USING unnest($1::integer[], $2::bigint[])"
    "    AS ended (pool, job)"
    " WHERE c.pool_number = ended.pool AND c.job <= ended.job"};

}  // namespace

absl::StatusOr<std::map<LogShard, BulkShard>> PostgresBulkStore::Load(std::int32_t pool_number,
                                                                      std::int64_t job) {
  TM_ASSIGN_OR_RETURN(pg::Connection* const connection, connections_.Acquire(kConnectPatience));
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connection->Run(kLoad, pg::Params(pool_number, job), absl::Now() + timeout_));
  TM_ASSIGN_OR_RETURN(
      auto rows,
      (result.ParseAll<std::int16_t, std::int64_t, std::string, std::string, bool, std::int64_t,
                       std::int64_t, std::int64_t, std::string, std::string, std::string>()));
  std::map<LogShard, BulkShard> shards;
  for (auto& [log_shard, owner, identity, dataset, done, datasets, failed, bytes, failed_identity,
              failed_dataset, failure] : rows) {
    BulkShard& shard = shards[LogShard(static_cast<std::uint8_t>(log_shard))];
    shard.place = {owner, std::move(identity), std::move(dataset)};
    shard.done = done;
    shard.counts = {datasets, failed, bytes};
    if (failed_identity.empty()) continue;
    shard.failure = {std::move(failed_identity), std::move(failed_dataset), std::move(failure)};
  }
  return shards;
}

absl::Status PostgresBulkStore::Forget(std::span<const Ended> ended) {
  std::vector<std::int32_t> pools;
  std::vector<std::int64_t> jobs;
  for (const Ended& one : ended) {
    pools.push_back(one.pool_number);
    jobs.push_back(one.job);
  }
  TM_ASSIGN_OR_RETURN(pg::Connection* const connection, connections_.Acquire(kConnectPatience));
  return connection->Run(kForget, pg::Params(pools, jobs), absl::Now() + timeout_).status();
}

}  // namespace tidemark::publisher
