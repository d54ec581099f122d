#include "services/publisher/store/postgres_lease_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
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

// Frees the shards of the expired. A renewal that comes meanwhile waits, then finds no member.
constexpr pg::Query kRemoveExpired{
    "publisher_remove_expired",
    "DELETE FROM publisher.member WHERE expires_time < clock_timestamp() AND member_id <> $1"};

constexpr pg::Query kRemoveMember{"publisher_remove_member",
                                  "DELETE FROM publisher.member WHERE member_id = $1"};

// Those of $1 as well: it may have taken them without having heard of it.
constexpr pg::Query kLockFree{"publisher_lock_free",
                              "SELECT log_shard FROM publisher.lease"
                              " WHERE member_id IS NULL OR member_id = $1"
                              " ORDER BY log_shard FOR UPDATE"};

constexpr pg::Query kTake{"publisher_take",
                          "UPDATE publisher.lease"
                          "   SET member_id = $1, fencing_token = fencing_token + 1"
                          " WHERE member_id IS NULL OR member_id = $1"
                          " RETURNING log_shard, fencing_token, settled_position"};

std::int64_t Micros(absl::Duration duration) { return absl::ToInt64Microseconds(duration); }

// Takes all shards or, if not all are free, none. `database`: as LogEnd's, if they were taken.
absl::StatusOr<std::optional<Leases>> TakeAll(pg::Transaction& transaction,
                                              const std::string& member, std::string& database) {
  TM_ASSIGN_OR_RETURN(const pg::Result free, transaction.Run(kLockFree, pg::Params(member)));
  if (free.size() != kLogShards) return std::nullopt;
  TM_ASSIGN_OR_RETURN(const pg::Result described, transaction.Run(kLogEnd, pg::Params()));
  TM_ASSIGN_OR_RETURN(LogEnd end, ParseLogEnd(described));
  Leases term;
  TM_ASSIGN_OR_RETURN(term.cut_back, CutBack(transaction, end.position));
  TM_ASSIGN_OR_RETURN(const pg::Result taken, transaction.Run(kTake, pg::Params(member)));
  TM_ASSIGN_OR_RETURN(const auto rows, (taken.ParseAll<std::int16_t, std::int64_t, Position>()));
  for (const auto& [log_shard, token, settled] : rows) {
    const auto index = static_cast<std::size_t>(log_shard);
    term.tokens[index] = token;
    term.state.settled[index] = settled;
  }
  TM_RETURN_IF_ERROR(LoadDestinations(transaction, term.state));
  database = std::move(end.database);
  return term;
}

}  // namespace

PostgresLeaseStore::PostgresLeaseStore(const pg::ConnectOptions& options)
    : timeout_(options.statement_timeout), connections_(options) {}

absl::StatusOr<std::optional<Leases>> PostgresLeaseStore::Acquire(const std::string& member,
                                                                  absl::Duration ttl) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  TM_ASSIGN_OR_RETURN(pg::Transaction transaction,
                      pg::Transaction::Begin(*connection, absl::Now() + timeout_));
  TM_RETURN_IF_ERROR(transaction.Run(kMakeMember, pg::Params(member, Micros(ttl))).status());
  TM_RETURN_IF_ERROR(transaction.Run(kRemoveExpired, pg::Params(member)).status());
  TM_ASSIGN_OR_RETURN(std::optional<Leases> term, TakeAll(transaction, member, database_));
  TM_RETURN_IF_ERROR(std::move(transaction).Commit());
  return term;
}

absl::StatusOr<bool> PostgresLeaseStore::Renew(const std::string& member, absl::Duration ttl) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  TM_ASSIGN_OR_RETURN(
      const pg::Result result,
      connection->Run(kRenewMember, pg::Params(member, Micros(ttl)), absl::Now() + timeout_));
  return result.affected() == 1;
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

absl::Status PostgresLeaseStore::Release(const std::string& member) {
  TM_ASSIGN_OR_RETURN(pg::Connection * connection, connections_.Acquire(timeout_));
  return connection->Run(kRemoveMember, pg::Params(member), absl::Now() + timeout_).status();
}

}  // namespace tidemark::publisher
