#include "services/dataset/store/postgres_read_store.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "common/base/status_macros.h"
#include "common/pg/by_keys.h"
#include "services/dataset/store/lane_hash.h"
#include "services/dataset/store/postgres_dataset_view.h"
#include "services/dataset/store/postgres_record_page.h"
#include "services/dataset/store/postgres_rows.h"

namespace tidemark::dataset {
namespace {

constexpr pg::Query kListDatasets{
    "dataset_list_datasets",
    "SELECT sync_count, generation, live, created_time, modified_time, modified_by, live_records,"
    " bytes, deleted_at_count, name"
    " FROM dataset.dataset"
    " WHERE owner = $1 AND pool_id = $2 AND identity_id = $3 AND name > $4 AND live"
    " ORDER BY name LIMIT $5"};

constexpr pg::Query kDescribeDataset{
    "dataset_describe_dataset",
    "SELECT sync_count, generation, live, created_time, modified_time, modified_by, live_records,"
    " bytes, deleted_at_count"
    " FROM dataset.dataset"
    " WHERE owner = $1 AND pool_id = $2 AND identity_id = $3 AND name = $4"};

constexpr pg::Query kDescribeIdentity{
    "dataset_describe_identity",
    "SELECT count(*) FILTER (WHERE live), coalesce(sum(bytes) FILTER (WHERE live), 0)::bigint,"
    " max(modified_time)"
    " FROM dataset.dataset WHERE owner = $1 AND pool_id = $2 AND identity_id = $3"};

constexpr pg::Query kDescribePool{
    "dataset_describe_pool",
    "SELECT coalesce(sum(sync_sessions), 0)::bigint, coalesce(sum(bytes), 0)::bigint,"
    " max(modified_time)"
    " FROM (SELECT sync_sessions, bytes, modified_time FROM dataset.pool_usage WHERE pool_id = $1"
    "       UNION ALL"
    "       SELECT 0, bytes, modified_time FROM dataset.usage_delta WHERE pool_id = $1) AS usage"};

// Identity ids are ASCII: whatever begins with the prefix lies below it and U+FFFF.
constexpr pg::Query kListIdentities{
    "dataset_list_identities",
    "SELECT i.owner, i.identity_id, u.datasets, u.bytes, u.modified_time"
    " FROM (SELECT owner, identity_id FROM dataset.identity"
    "        WHERE pool_id = $1 AND identity_id >= $2 AND identity_id < $2 || U&'\\FFFF'"
    "          AND identity_id > $3"
    "        ORDER BY identity_id LIMIT $4) AS i"
    " CROSS JOIN LATERAL"
    "   (SELECT count(*) FILTER (WHERE live)::integer AS datasets,"
    "           coalesce(sum(bytes) FILTER (WHERE live), 0)::bigint AS bytes,"
    "           max(modified_time) AS modified_time"
    "      FROM dataset.dataset AS d"
    "     WHERE d.owner = i.owner AND d.pool_id = $1 AND d.identity_id = i.identity_id) AS u"
    " ORDER BY i.identity_id"};

constexpr pg::Query kLogHorizon{"dataset_log_horizon",
                                "SELECT log_end, horizon::text FROM dataset.change_log_horizon()"};
constexpr const char* kNoPool = "";  // the log is of all pools
// Waits a little, so that asking again and again costs little.
constexpr pg::Query kHorizonReached{
    "dataset_log_horizon_reached",
    "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8 FROM pg_sleep(0.001)"};

// Turns a result into a T, or an error, and hands it over.
template <typename T>
pg::PipelineLane::Done Answer(ReadStore::Callback<T> done,
                              std::function<absl::StatusOr<T>(const pg::Result&)> parse) {
  return [done = std::move(done), parse = std::move(parse)](absl::StatusOr<pg::Result> result) {
    if (!result.ok()) return done(std::move(result).status());
    done(parse(*result));
  };
}

// As PipelineLane::Submit, but `done` is called in any case.
template <typename T>
void Ask(pg::PipelineLane& lane, const std::string& pool, const pg::Query& query, pg::Params params,
         absl::Time deadline, const ReadStore::Callback<T>& done,
         std::function<absl::StatusOr<T>(const pg::Result&)> parse) {
  const absl::Status taken =
      lane.Submit(pool, query, std::move(params), deadline, Answer<T>(done, std::move(parse)));
  if (!taken.ok()) done(taken);
}

absl::StatusOr<DatasetPage> ParseDatasetPage(const IdentityKey& identity, std::int32_t limit,
                                             const pg::Result& result) {
  constexpr int kName = 9;
  DatasetPage page;
  page.more = result.size() > limit;
  for (int i = 0; i < std::min(result.size(), limit); ++i) {
    const pg::Row row = result[i];
    TM_ASSIGN_OR_RETURN(std::string name, row.Get<std::string>(kName));
    TM_ASSIGN_OR_RETURN(DatasetInfo info, ParseDatasetInfo(row, 0, {identity, std::move(name)}));
    page.datasets.push_back(std::move(info));
  }
  return page;
}

absl::StatusOr<IdentityPage> ParseIdentityPage(const std::string& pool_id, std::int32_t limit,
                                               const pg::Result& result) {
  IdentityPage page;
  page.more = result.size() > limit;
  for (int i = 0; i < std::min(result.size(), limit); ++i) {
    TM_ASSIGN_OR_RETURN(
        auto row,
        (result[i]
             .Parse<Owner, std::string, std::int32_t, std::int64_t, std::optional<absl::Time>>()));
    auto& [owner, identity_id, datasets, bytes, modified_time] = row;
    page.identities.push_back({.identity = {pool_id, std::move(identity_id), owner},
                               .datasets = datasets,
                               .bytes = bytes,
                               .modified_time = modified_time});
  }
  return page;
}

// Asks until every transaction before `horizon` has ended.
void AwaitHorizon(pg::PipelineLane& lane, const std::string& horizon, std::int64_t position,
                  absl::Time deadline, const ReadStore::Callback<std::int64_t>& done) {
  const absl::Status taken = lane.Submit(
      kNoPool, kHorizonReached, pg::Params(horizon), deadline,
      [&lane, horizon, position, deadline, done](const absl::StatusOr<pg::Result>& result) {
        if (!result.ok()) return done(result.status());
        const auto reached =
            result->empty() ? absl::StatusOr<bool>(false) : (*result)[0].Get<bool>(0);
        if (!reached.ok()) return done(reached.status());
        if (*reached) return done(position);
        AwaitHorizon(lane, horizon, position, deadline, done);
      });
  if (!taken.ok()) done(taken);
}

}  // namespace

PostgresReadStore::PostgresReadStore(const pg::ConnectOptions& options, int lanes,
                                     const pg::PipelineLimits& limits)
    : log_lane_(options, limits) {
  for (int i = 0; i < lanes; ++i) {
    lanes_.push_back(std::make_unique<pg::PipelineLane>(pg::ByKeys(options), limits));
  }
}

pg::PipelineLane& PostgresReadStore::LaneOf(std::uint64_t hash) {
  return *lanes_[hash % lanes_.size()];
}

void PostgresReadStore::ListDatasets(const IdentityKey& identity, const std::string& after_name,
                                     std::int32_t limit, absl::Time deadline,
                                     Callback<DatasetPage> done) {
  Ask<DatasetPage>(LaneOf(LaneHash(identity.owner)), identity.pool_id, kListDatasets,
                   pg::Params(identity.owner, identity.pool_id, identity.identity_id, after_name,
                              std::int64_t{limit} + 1),
                   deadline, done, [identity, limit](const pg::Result& r) {
                     return ParseDatasetPage(identity, limit, r);
                   });
}

void PostgresReadStore::DescribeDataset(const DatasetKey& dataset, absl::Time deadline,
                                        Callback<std::optional<DatasetInfo>> done) {
  const IdentityKey& identity = dataset.identity;
  Ask<std::optional<DatasetInfo>>(
      LaneOf(LaneHash(identity.owner)), identity.pool_id, kDescribeDataset,
      pg::Params(identity.owner, identity.pool_id, identity.identity_id, dataset.name), deadline,
      done, [dataset](const pg::Result& result) -> absl::StatusOr<std::optional<DatasetInfo>> {
        if (result.empty()) return std::nullopt;
        return ParseDatasetInfo(result[0], 0, dataset);
      });
}

void PostgresReadStore::ListRecords(const RecordQuery& query, absl::Time deadline,
                                    Callback<RecordPage> done) {
  Ask<RecordPage>(LaneOf(LaneHash(query.dataset.identity.owner)), query.dataset.identity.pool_id,
                  kListRecords, RecordPageParams(query), deadline, done,
                  [query](const pg::Result& result) { return ParseRecordPage(query, result); });
}

void PostgresReadStore::View(const ViewQuery& query, absl::Time deadline,
                             Callback<DatasetView> done) {
  const IdentityKey& identity = query.dataset.identity;
  Ask<DatasetView>(LaneOf(LaneHash(identity.owner)), identity.pool_id, kViewDataset,
                   ViewParams(query), deadline, done, ParseView);
}

void PostgresReadStore::DescribeIdentity(const IdentityKey& identity, absl::Time deadline,
                                         Callback<IdentityUsage> done) {
  Ask<IdentityUsage>(
      LaneOf(LaneHash(identity.owner)), identity.pool_id, kDescribeIdentity,
      pg::Params(identity.owner, identity.pool_id, identity.identity_id), deadline, done,
      [identity](const pg::Result& result) -> absl::StatusOr<IdentityUsage> {
        TM_ASSIGN_OR_RETURN(
            const auto row,
            (result.ParseOnly<std::int64_t, std::int64_t, std::optional<absl::Time>>()));
        const auto& [datasets, bytes, modified_time] = row;
        return IdentityUsage{.identity = identity,
                             .datasets = static_cast<std::int32_t>(datasets),
                             .bytes = bytes,
                             .modified_time = modified_time};
      });
}

void PostgresReadStore::DescribePool(const std::string& pool_id, absl::Time deadline,
                                     Callback<PoolUsage> done) {
  Ask<PoolUsage>(LaneOf(std::hash<std::string>()(pool_id)), pool_id, kDescribePool,
                 pg::Params(pool_id), deadline, done,
                 [pool_id](const pg::Result& result) -> absl::StatusOr<PoolUsage> {
                   TM_ASSIGN_OR_RETURN(
                       const auto row,
                       (result.ParseOnly<std::int64_t, std::int64_t, std::optional<absl::Time>>()));
                   const auto& [sessions, bytes, modified_time] = row;
                   return PoolUsage{pool_id, sessions, bytes, modified_time};
                 });
}

void PostgresReadStore::ListIdentities(const std::string& pool_id, const std::string& prefix,
                                       const std::string& after_id, std::int32_t limit,
                                       absl::Time deadline, Callback<IdentityPage> done) {
  Ask<IdentityPage>(
      LaneOf(std::hash<std::string>()(pool_id)), pool_id, kListIdentities,
      pg::Params(pool_id, prefix, after_id, std::int64_t{limit} + 1), deadline, done,
      [pool_id, limit](const pg::Result& r) { return ParseIdentityPage(pool_id, limit, r); });
}

void PostgresReadStore::LogEndPosition(absl::Time deadline, Callback<std::int64_t> done) {
  pg::PipelineLane& lane = log_lane_;
  const absl::Status taken =
      lane.Submit(kNoPool, kLogHorizon, pg::Params(), deadline,
                  [&lane, deadline, done](const absl::StatusOr<pg::Result>& result) {
                    if (!result.ok()) return done(result.status());
                    const auto row = result->ParseOnly<std::int64_t, std::string>();
                    if (!row.ok()) return done(row.status());
                    const auto& [position, horizon] = *row;
                    AwaitHorizon(lane, horizon, position, deadline, done);
                  });
  if (!taken.ok()) done(taken);
}

}  // namespace tidemark::dataset
