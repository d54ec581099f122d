#include "services/push/store/postgres_write_store.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/errors/sqlstate.h"
#include "services/push/domain/device_errors.h"
#include "services/push/domain/room.h"
#include "services/push/store/postgres_rows.h"
#include "tidemark/push/migrations.h"

namespace tidemark::push {
namespace {

constexpr pg::Query kCheck{"push_check", "SELECT last_value FROM push.registration"};

constexpr pg::Query kRegister{
    "push_register_device", "SELECT push.register_device($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};

constexpr pg::Query kSetSubscription{"push_set_subscription",
                                     "SELECT push.set_subscription($1, $2, $3, $4, $5, $6, $7)"};

constexpr pg::Query kSubscribeToAll{"push_subscribe_to_all",
                                    "SELECT push.subscribe_to_all($1, $2, $3, $4)"};

constexpr pg::Query kDeregister{"push_deregister", R"(
DELETE FROM push.device
 WHERE owner = $1 AND pool_id = $2 AND identity_id = $3 AND device_id = $4 RETURNING endpoint_arn)"};

// Each registration at most once in the parameters.
constexpr pg::Query kReport{"push_report", R"(
WITH worse AS MATERIALIZED (
  SELECT d.owner, d.device_id, r.state
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::smallint[])
         AS r (owner, pool_id, identity_id, device_id, registration, state)
    JOIN push.device AS d
      ON d.owner = r.owner AND d.device_id = r.device_id AND d.pool_id = r.pool_id
     AND d.identity_id = r.identity_id AND d.registration = r.registration AND d.state < r.state
   ORDER BY d.owner, d.device_id FOR NO KEY UPDATE OF d)
UPDATE push.device AS d SET state = worse.state
  FROM worse WHERE d.owner = worse.owner AND d.device_id = worse.device_id)"};

// From one pool to the next by the index: it costs what the pools are, not what the devices are.
constexpr pg::Query kListPools{"push_list_pools", R"(
WITH RECURSIVE pool (pool_id, number) AS (
  (SELECT pool_id, 1 FROM push.device WHERE pool_id > $1 ORDER BY pool_id LIMIT 1)
  UNION ALL
  SELECT (SELECT d.pool_id FROM push.device AS d
           WHERE d.pool_id > pool.pool_id ORDER BY d.pool_id LIMIT 1), number + 1
    FROM pool WHERE pool.pool_id IS NOT NULL AND number < $2)
SELECT pool_id FROM pool WHERE pool_id IS NOT NULL ORDER BY number)"};

constexpr pg::Query kErase{"push_erase", R"(
WITH chosen AS MATERIALIZED (
  SELECT owner, device_id FROM push.device WHERE pool_id = $1 LIMIT $2),
locked AS MATERIALIZED (
  SELECT d.owner, d.device_id FROM push.device AS d JOIN chosen USING (owner, device_id)
   WHERE d.pool_id = $1 ORDER BY d.owner, d.device_id FOR UPDATE OF d)
DELETE FROM push.device AS d USING locked
 WHERE d.owner = locked.owner AND d.device_id = locked.device_id)"};

pg::Params KeyOf(const DeviceKey& device, const pg::Uuid& id) {
  const IdentityKey& identity = device.identity;
  return pg::Params(identity.owner, identity.pool_id, identity.identity_id, id);
}

// The only column of the only row.
template <typename T>
absl::StatusOr<T> Value(const pg::Result& result) {
  TM_ASSIGN_OR_RETURN(auto row, result.ParseOnly<T>());
  return std::get<0>(std::move(row));
}

// One report for each registration, the worst. Of a device only the latest one matters then.
std::vector<EndpointReport> Reduce(std::vector<EndpointReport> reports) {
  const auto key = [](const EndpointReport& report) {
    const IdentityKey& identity = report.device.identity;
    return std::tie(identity.owner, identity.pool_id, identity.identity_id, report.device.device_id,
                    report.registration);
  };
  std::ranges::sort(reports, [&](const EndpointReport& a, const EndpointReport& b) {
    return std::tuple_cat(key(a), std::tie(b.state)) < std::tuple_cat(key(b), std::tie(a.state));
  });
  const auto same = [&](const EndpointReport& a, const EndpointReport& b) {
    return key(a) == key(b);
  };
  reports.erase(std::unique(reports.begin(), reports.end(), same), reports.end());
  return reports;
}

pg::Params ReportParams(const std::vector<EndpointReport>& reports) {
  std::vector<Owner> owners;
  std::vector<std::string_view> pools, identities;
  std::vector<std::optional<pg::Uuid>> ids;
  std::vector<Registration> registrations;
  std::vector<std::int16_t> states;
  for (const EndpointReport& report : reports) {
    const IdentityKey& identity = report.device.identity;
    owners.push_back(identity.owner);
    pools.emplace_back(identity.pool_id);
    identities.emplace_back(identity.identity_id);
    ids.push_back(StoredId(report.device.device_id));
    registrations.push_back(report.registration);
    states.push_back(static_cast<std::int16_t>(report.state));
  }
  return pg::Params(owners, pools, identities, ids, registrations, states);
}

}  // namespace

PostgresWriteStore::PostgresWriteStore(pg::ConnectOptions options, int connections)
    : connections_(std::move(options), Migrations(), connections) {}

absl::Status PostgresWriteStore::Check(absl::Time deadline) {
  return connections_.Read(kCheck, pg::Params(), deadline).status();
}

absl::StatusOr<pg::Result> PostgresWriteStore::Repeatable(const pg::Query& query,
                                                          const pg::Params& params,
                                                          absl::Time deadline) {
  while (true) {
    absl::StatusOr<pg::Result> result = connections_.Read(query, params, deadline);
    if (!absl::IsAborted(result.status()) || absl::Now() >= deadline) return result;
  }
}

absl::StatusOr<Registered> PostgresWriteStore::Register(const NewDevice& device,
                                                        absl::Time deadline) {
  const std::optional<pg::Uuid> id = StoredId(device.key.device_id);
  if (!id) return errors::InternalError("a device's id that is no UUID");
  const IdentityKey& identity = device.key.identity;
  const pg::Params params(identity.owner, *id, identity.pool_id, identity.identity_id,
                          static_cast<std::int16_t>(device.platform),
                          pg::Bytes{device.token_digest}, device.application_arn,
                          device.endpoint_arn, device.time, static_cast<std::int32_t>(kMaxDevices));
  TM_ASSIGN_OR_RETURN(const pg::Result result, Repeatable(kRegister, params, deadline));
  TM_ASSIGN_OR_RETURN(const std::string_view outcome, Value<std::string_view>(result));
  if (outcome == "full") return TooManyDevices();
  if (outcome == "again") return Registered::kAgain;
  return outcome == "moved" ? Registered::kMoved : Registered::kNew;
}

absl::StatusOr<bool> PostgresWriteStore::SetSubscription(const DeviceKey& device,
                                                         std::string_view dataset_name,
                                                         bool subscribed, absl::Time deadline) {
  const std::optional<pg::Uuid> id = StoredId(device.device_id);
  if (!id) return DeviceNotFound(device.device_id);
  pg::Params params = KeyOf(device, *id);
  params.Add(dataset_name);
  params.Add(subscribed);
  params.Add(static_cast<std::int32_t>(kMaxExceptions));
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connections_.Run(kSetSubscription, params, deadline));
  TM_ASSIGN_OR_RETURN(const std::string_view outcome, Value<std::string_view>(result));
  if (outcome == "unknown") return DeviceNotFound(device.device_id);
  if (outcome == "full") return TooManyExceptions(device.device_id);
  return outcome == "changed";
}

absl::Status PostgresWriteStore::SubscribeToAll(const DeviceKey& device, absl::Time deadline) {
  const std::optional<pg::Uuid> id = StoredId(device.device_id);
  if (!id) return DeviceNotFound(device.device_id);
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      Repeatable(kSubscribeToAll, KeyOf(device, *id), deadline));
  TM_ASSIGN_OR_RETURN(const bool found, Value<bool>(result));
  return found ? absl::OkStatus() : DeviceNotFound(device.device_id);
}

absl::StatusOr<std::string> PostgresWriteStore::Deregister(const DeviceKey& device,
                                                           absl::Time deadline) {
  const std::optional<pg::Uuid> id = StoredId(device.device_id);
  if (!id) return DeviceNotFound(device.device_id);
  TM_ASSIGN_OR_RETURN(const pg::Result deleted,
                      connections_.Run(kDeregister, KeyOf(device, *id), deadline));
  if (deleted.empty()) return DeviceNotFound(device.device_id);
  return Value<std::string>(deleted);
}

absl::StatusOr<std::int64_t> PostgresWriteStore::Report(const std::vector<EndpointReport>& reports,
                                                        absl::Time deadline) {
  const pg::Params params = ReportParams(Reduce(reports));
  TM_ASSIGN_OR_RETURN(const pg::Result result, Repeatable(kReport, params, deadline));
  return result.affected();
}

absl::StatusOr<std::vector<std::string>> PostgresWriteStore::ListPools(std::string_view after,
                                                                       std::int32_t limit,
                                                                       absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connections_.Read(kListPools, pg::Params(after, limit), deadline));
  std::vector<std::string> ids;
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(std::string id, row.Get<std::string>(0));
    ids.push_back(std::move(id));
  }
  return ids;
}

absl::StatusOr<std::int64_t> PostgresWriteStore::Erase(std::string_view pool_id, std::int32_t limit,
                                                       absl::Time deadline) {
  const pg::Params params(pool_id, static_cast<std::int64_t>(limit));
  TM_ASSIGN_OR_RETURN(const pg::Result result, Repeatable(kErase, params, deadline));
  return result.affected();
}

}  // namespace tidemark::push
