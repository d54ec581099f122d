#include "services/publisher/store/postgres_lease_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "common/errors/sqlstate.h"
#include "common/obs/log.h"
#include "common/pg/query.h"
#include "services/publisher/store/postgres_log_end.h"
#include "services/publisher/store/postgres_progress.h"

namespace tidemark::publisher {
namespace {

constexpr pg::Query kRenewMember{
    "publisher_renew_member",
    "UPDATE publisher.member SET expires_time = clock_timestamp() + $2 * interval '1 microsecond'"
    " WHERE member_id = $1"};

constexpr pg::Query kMakeMember{
    "publisher_make_member",
    "INSERT INTO publisher.member AS m (member_id, expires_time)"
    " VALUES ($1, clock_timestamp() + $2 * interval '1 microsecond')"
    " ON CONFLICT (member_id) DO UPDATE SET expires_time = excluded.expires_time"};

// Frees the shards of the expired. It waits for nobody: who is renewed at this moment is alive, and
// one whose shards are locked, as by a publisher that stopped in the middle of a transaction, is
// left until that has ended. A renewal that comes meanwhile waits, then finds no member.
constexpr pg::Query kRemoveExpired{
    "publisher_remove_expired",
    "WITH expired AS MATERIALIZED ("
    "  SELECT member_id FROM publisher.member"
    "   WHERE expires_time < clock_timestamp() AND member_id <> $1 FOR UPDATE SKIP LOCKED),"
    " locked AS MATERIALIZED ("
    "  SELECT member_id FROM publisher.lease"
    "   WHERE member_id IN (SELECT member_id FROM expired) FOR UPDATE SKIP LOCKED)"
    " DELETE FROM publisher.member AS m USING expired AS e"
    " WHERE m.member_id = e.member_id"
    "   AND (SELECT count(*) FROM locked AS l WHERE l.member_id = m.member_id)"
    "     = (SELECT count(*) FROM publisher.lease AS l WHERE l.member_id = m.member_id)"};

constexpr pg::Query kRemoveMember{"publisher_remove_member",
                                  "DELETE FROM publisher.member WHERE member_id = $1"};

constexpr pg::Query kStanding{
    "publisher_standing",
    "SELECT (SELECT count(*) FROM publisher.member),"
    "       (SELECT count(*) FROM publisher.member WHERE member_id < $1),"
    "       count(*) FILTER (WHERE member_id = $1), count(*) FILTER (WHERE member_id IS NULL)"
    "  FROM publisher.lease"};

constexpr pg::Query kLockMember{
    "publisher_lock_member", "SELECT 1 FROM publisher.member WHERE member_id = $1 FOR KEY SHARE"};

// Others may take at the same moment: each takes what no other one is at.
constexpr pg::Query kTakeFree{
    "publisher_take_free",
    "UPDATE publisher.lease SET member_id = $1"
    " WHERE log_shard IN ("
    "   SELECT log_shard FROM publisher.lease WHERE member_id IS NULL ORDER BY log_shard"
    "    LIMIT greatest(0, $2 - (SELECT count(*) FROM publisher.lease WHERE member_id = $1))"
    "      FOR UPDATE SKIP LOCKED)"};

constexpr pg::Query kTakeHeld{"publisher_take_held",
                              "UPDATE publisher.lease SET fencing_token = fencing_token + 1"
                              " WHERE member_id = $1"
                              " RETURNING log_shard, fencing_token, settled_position,"
                              "           pushed_position"};

constexpr pg::Query kGiveBack{
    "publisher_give_back",
    "UPDATE publisher.lease SET member_id = NULL"
    " WHERE log_shard IN (SELECT log_shard FROM publisher.lease WHERE member_id = $1"
    "                      ORDER BY log_shard OFFSET $2)"};

constexpr pg::Query kLowMark{
    "publisher_low_mark",
    "SELECT least("
    "  (SELECT least(min(settled_position), min(pushed_position)) FROM publisher.lease),"
    "  (SELECT min(greatest(d.start_position, c.position))"
    "     FROM publisher.destination AS d CROSS JOIN publisher.lease AS l"
    "     LEFT JOIN publisher.cursor AS c"
    "       ON (c.pool_number, c.epoch, c.log_shard) = (d.pool_number, d.epoch, l.log_shard)"
    "    WHERE NOT d.retired AND d.counted <> repeat('1', 256)::bit(256)"
    "      AND get_bit(d.counted, l.log_shard) = 0))"};

std::int64_t Micros(absl::Duration duration) { return absl::ToInt64Microseconds(duration); }

absl::StatusOr<Standing> StandingOf(pg::Connection& connection, const std::string& member,
                                    absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(const pg::Result found,
                      connection.Run(kStanding, pg::Params(member), deadline));
  TM_ASSIGN_OR_RETURN(const auto row,
                      (found.ParseOnly<std::int64_t, std::int64_t, std::int64_t, std::int64_t>()));
  const auto& [members, rank, held, free] = row;
  return Standing{.members = static_cast<int>(members),
                  .rank = static_cast<int>(rank),
                  .held = static_cast<int>(held),
                  .free = static_cast<int>(free)};
}

// `database`: as LogEnd's, if any are held then.
absl::StatusOr<Leases> TakeUpTo(pg::Transaction& transaction, const std::string& member, int shards,
                                std::string& database) {
  Leases leases;
  TM_ASSIGN_OR_RETURN(const pg::Result known, transaction.Run(kLockMember, pg::Params(member)));
  if (known.size() == 0) return leases;
  TM_RETURN_IF_ERROR(
      transaction.Run(kTakeFree, pg::Params(member, static_cast<std::int64_t>(shards))).status());
  TM_ASSIGN_OR_RETURN(const pg::Result held, transaction.Run(kTakeHeld, pg::Params(member)));
  TM_ASSIGN_OR_RETURN(const auto rows,
                      (held.ParseAll<std::int16_t, std::int64_t, Position, Position>()));
  for (const auto& [log_shard, token, settled, pushed] : rows) {
    const auto index = static_cast<std::size_t>(log_shard);
    leases.held.set(index);
    leases.tokens[index] = token;
    leases.state.settled[index] = settled;
    leases.state.pushed[index] = pushed;
  }
  if (leases.held.none()) return leases;
  // Asked for once the shards are locked, so that it is not below what their holders before stored.
  TM_ASSIGN_OR_RETURN(const pg::Result described, transaction.Run(kLogEnd, pg::Params()));
  TM_ASSIGN_OR_RETURN(LogEnd end, ParseLogEnd(described));
  TM_ASSIGN_OR_RETURN(leases.cut_back, CutBack(transaction, leases.held, end.position));
  for (Position& settled : leases.state.settled) settled = std::min(settled, end.position);
  for (Position& pushed : leases.state.pushed) pushed = std::min(pushed, end.position);
  TM_RETURN_IF_ERROR(LoadDestinations(transaction, leases.held, leases.state));
  database = std::move(end.database);
  return leases;
}

}  // namespace

PostgresLeaseStore::PostgresLeaseStore(const pg::ConnectOptions& options)
    : timeout_(options.statement_timeout), connections_(options) {}

absl::StatusOr<Standing> PostgresLeaseStore::Join(const std::string& member, absl::Duration ttl) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  const absl::Time deadline = absl::Now() + timeout_;
  TM_RETURN_IF_ERROR(
      connection->Run(kMakeMember, pg::Params(member, Micros(ttl)), deadline).status());
  RemoveExpired(*connection, member, deadline);
  return StandingOf(*connection, member, deadline);
}

absl::StatusOr<std::optional<Standing>> PostgresLeaseStore::Renew(const std::string& member,
                                                                  absl::Duration ttl) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  const absl::Time deadline = absl::Now() + timeout_;
  TM_ASSIGN_OR_RETURN(const pg::Result renewed,
                      connection->Run(kRenewMember, pg::Params(member, Micros(ttl)), deadline));
  if (renewed.affected() == 0) return std::nullopt;
  RemoveExpired(*connection, member, deadline);
  return StandingOf(*connection, member, deadline);
}

// In a transaction of its own: nothing that becomes of others undoes a renewal. The next one tries
// again.
void PostgresLeaseStore::RemoveExpired(pg::Connection& connection, const std::string& except,
                                       absl::Time deadline) {
  const absl::Status status = connection.Run(kRemoveExpired, pg::Params(except), deadline).status();
  if (status.ok()) return;
  const auto held_back = failures_.Admit(BoottimeClock().Now());
  if (!held_back) return;
  obs::Log(obs::Level::kWarning, "publishers that expired could not be removed",
           {{"error", std::string(status.message())},
            {"detail", errors::DriverTextOf(status)},
            {"held_back", *held_back}});
}

absl::StatusOr<Leases> PostgresLeaseStore::Take(const std::string& member, int shards) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  TM_ASSIGN_OR_RETURN(pg::Transaction transaction,
                      pg::Transaction::Begin(*connection, absl::Now() + timeout_));
  TM_ASSIGN_OR_RETURN(Leases leases, TakeUpTo(transaction, member, shards, database_));
  TM_RETURN_IF_ERROR(std::move(transaction).Commit());
  return leases;
}

absl::StatusOr<bool> PostgresLeaseStore::Store(const std::string& member,
                                               const FencingTokens& tokens,
                                               const Progress& progress) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  TM_ASSIGN_OR_RETURN(pg::Transaction transaction,
                      pg::Transaction::Begin(*connection, absl::Now() + timeout_));
  TM_ASSIGN_OR_RETURN(const bool held, LockHeld(transaction, member, tokens));
  if (!held) return false;
  TM_ASSIGN_OR_RETURN(const pg::Result described, transaction.Run(kLogEnd, pg::Params()));
  TM_ASSIGN_OR_RETURN(const LogEnd end, ParseLogEnd(described));
  if (end.database != database_) {
    return absl::DataLossError(absl::StrCat("the log shards were taken in the database ", database_,
                                            ", and this is ", end.database));
  }
  if (const Position highest = HighestOf(progress); highest > end.position) {
    return absl::DataLossError(
        absl::StrCat("the change log ends at ", end.position, " but was read up to ", highest));
  }
  TM_RETURN_IF_ERROR(StoreProgress(transaction, progress));
  TM_RETURN_IF_ERROR(std::move(transaction).Commit());
  return true;
}

absl::Status PostgresLeaseStore::GiveBack(const std::string& member, int keep) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  return connection
      ->Run(kGiveBack, pg::Params(member, static_cast<std::int64_t>(keep)), absl::Now() + timeout_)
      .status();
}

absl::Status PostgresLeaseStore::Leave(const std::string& member) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  return connection->Run(kRemoveMember, pg::Params(member), absl::Now() + timeout_).status();
}

absl::StatusOr<Position> PostgresLeaseStore::LowMark() {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connection->Run(kLowMark, pg::Params(), absl::Now() + timeout_));
  TM_ASSIGN_OR_RETURN(const auto row, result.ParseOnly<Position>());
  return std::get<0>(row);
}

}  // namespace tidemark::publisher
