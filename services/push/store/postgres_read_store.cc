#include "services/push/store/postgres_read_store.h"

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "common/base/status_macros.h"
#include "common/errors/sqlstate.h"
#include "common/pg/by_keys.h"
#include "services/push/store/postgres_rows.h"

namespace tidemark::push {
namespace {

// Devices are always found by their owner. Pool and identity, which go with it, are compared in a
// way that no index serves: while the tables are not analyzed, one that begins with the pool looks
// as good to the planner, and would read all of the pool.

// Always one row.
constexpr pg::Query kLook{"push_look", R"(
SELECT (SELECT count(*) FROM push.device
         WHERE owner = $1 AND (pool_id, identity_id) IS NOT DISTINCT FROM ($2, $3) AND state = 1),
       d.application_arn, d.endpoint_arn
  FROM (VALUES (1)) AS one LEFT JOIN push.device AS d
    ON d.owner = $1 AND d.device_id = $4
   AND (d.pool_id, d.identity_id) IS NOT DISTINCT FROM ($2, $3))"};

constexpr pg::Query kList{"push_list", R"(
SELECT d.device_id, d.platform, d.endpoint_arn, d.state, d.subscribed_to_all,
       ARRAY(SELECT e.dataset_name FROM push.exception AS e
              WHERE e.owner = d.owner AND e.device_id = d.device_id ORDER BY e.dataset_name),
       d.registration_time, d.last_registration_time
  FROM push.device AS d
 WHERE d.owner = $1 AND (d.pool_id, d.identity_id) IS NOT DISTINCT FROM ($2, $3)
 ORDER BY d.device_id)"};

// For each dataset one range of `device`, and for each device there one key of `exception`, of
// which the index alone is read. OFFSET and LIMIT keep the planner from any other order, which it
// would take for a batch while the tables are not analyzed.
constexpr pg::Query kResolve{"push_resolve", R"(
SELECT c.place, d.device_id, d.platform, d.application_arn, d.endpoint_arn, d.registration
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::uuid[]) WITH ORDINALITY
       AS c (owner, pool_id, identity_id, dataset_name, writer, place)
 CROSS JOIN LATERAL (
       SELECT * FROM push.device AS d
        WHERE d.owner = c.owner AND d.state = 1
          AND (d.pool_id, d.identity_id) IS NOT DISTINCT FROM (c.pool_id, c.identity_id)
       OFFSET 0) AS d
  LEFT JOIN LATERAL (
       SELECT true AS found FROM push.exception AS e
        WHERE e.owner = d.owner AND e.device_id = d.device_id AND e.dataset_name = c.dataset_name
        LIMIT 1) AS e ON true
 WHERE d.device_id IS DISTINCT FROM c.writer
   AND d.subscribed_to_all <> (e.found IS NOT NULL))"};

// Changes of all pools are resolved together, in the turn of none of them.
constexpr const char* kNoPool = "";

// As PipelineLane::Submit, but `done` is called in any case: with what `parse` makes of the result.
template <typename T, typename Parse>
void Ask(pg::PipelineLane& lane, const std::string& pool, const pg::Query& query, pg::Params params,
         absl::Time deadline, const ReadStore::Callback<T>& done, Parse parse) {
  const absl::Status taken =
      lane.Submit(pool, query, std::move(params), deadline,
                  [done, parse = std::move(parse)](const absl::StatusOr<pg::Result>& result) {
                    if (!result.ok()) return done(result.status());
                    done(parse(*result));
                  });
  if (!taken.ok()) done(taken);
}

absl::StatusOr<Known> ParseKnown(const pg::Result& result) {
  TM_ASSIGN_OR_RETURN(
      auto row,
      (result.ParseOnly<std::int64_t, std::optional<std::string>, std::optional<std::string>>()));
  auto& [enabled, application_arn, endpoint_arn] = row;
  Known known{.enabled = static_cast<std::size_t>(enabled)};
  if (application_arn && endpoint_arn) {
    known.endpoint = {*std::move(application_arn), *std::move(endpoint_arn)};
  }
  return known;
}

absl::StatusOr<std::vector<Device>> ParseDevices(const pg::Result& result) {
  std::vector<Device> devices;
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(auto columns,
                        (row.Parse<pg::Uuid, std::int16_t, std::string, std::int16_t, bool,
                                   std::vector<std::string>, absl::Time, absl::Time>()));
    auto& [id, platform, endpoint_arn, state, to_all, exceptions, first, last] = columns;
    devices.push_back({.device_id = id.ToString(),
                       .platform = static_cast<Platform>(platform),
                       .endpoint_arn = std::move(endpoint_arn),
                       .state = static_cast<EndpointState>(state),
                       .subscriptions = {to_all, std::move(exceptions)},
                       .registration_time = first,
                       .last_registration_time = last});
  }
  return devices;
}

absl::StatusOr<std::vector<std::vector<Target>>> ParseTargets(const pg::Result& result,
                                                              std::size_t datasets) {
  std::vector<std::vector<Target>> targets(datasets);
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(auto columns, (row.Parse<std::int64_t, pg::Uuid, std::int16_t, std::string,
                                                 std::string, Registration>()));
    auto& [place, id, platform, application_arn, endpoint_arn, registration] = columns;
    const auto index = static_cast<std::size_t>(place - 1);
    if (index >= datasets) return errors::InternalError("a place that was not asked for");
    targets[index].push_back({.device_id = id.ToString(),
                              .platform = static_cast<Platform>(platform),
                              .application_arn = std::move(application_arn),
                              .endpoint_arn = std::move(endpoint_arn),
                              .registration = registration});
  }
  return targets;
}

pg::Params ResolveParams(const std::vector<ChangedDataset>& datasets) {
  std::vector<Owner> owners;
  std::vector<std::string_view> pools, identities, names;
  std::vector<std::optional<pg::Uuid>> writers;
  for (const ChangedDataset& dataset : datasets) {
    owners.push_back(dataset.identity.owner);
    pools.emplace_back(dataset.identity.pool_id);
    identities.emplace_back(dataset.identity.identity_id);
    names.emplace_back(dataset.dataset_name);
    writers.push_back(StoredId(dataset.writer_device_id));
  }
  return pg::Params(owners, pools, identities, names, writers);
}

}  // namespace

PostgresReadStore::PostgresReadStore(const pg::ConnectOptions& options, int lanes,
                                     const pg::PipelineLimits& limits) {
  for (int i = 0; i < lanes; ++i) {
    lanes_.push_back(std::make_unique<pg::PipelineLane>(pg::ByKeys(options), limits));
  }
}

pg::PipelineLane& PostgresReadStore::NextLane() { return *lanes_[next_++ % lanes_.size()]; }

void PostgresReadStore::Look(const DeviceKey& device, absl::Time deadline, Callback<Known> done) {
  const IdentityKey& identity = device.identity;
  Ask<Known>(NextLane(), identity.pool_id, kLook,
             pg::Params(identity.owner, identity.pool_id, identity.identity_id,
                        StoredId(device.device_id)),
             deadline, done, &ParseKnown);
}

void PostgresReadStore::List(const IdentityKey& identity, absl::Time deadline,
                             Callback<std::vector<Device>> done) {
  Ask<std::vector<Device>>(NextLane(), identity.pool_id, kList,
                           pg::Params(identity.owner, identity.pool_id, identity.identity_id),
                           deadline, done, &ParseDevices);
}

void PostgresReadStore::Resolve(const std::vector<ChangedDataset>& datasets, absl::Time deadline,
                                Callback<std::vector<std::vector<Target>>> done) {
  Ask<std::vector<std::vector<Target>>>(
      NextLane(), kNoPool, kResolve, ResolveParams(datasets), deadline, done,
      [count = datasets.size()](const pg::Result& result) { return ParseTargets(result, count); });
}

}  // namespace tidemark::push
