#include "services/publisher/store/postgres_progress.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/pg/query.h"
#include "services/publisher/store/postgres_bulk_rows.h"
#include "services/publisher/store/postgres_destination_locks.h"
#include "services/publisher/store/postgres_replays.h"

namespace tidemark::publisher {
namespace {

constexpr pg::Query kLockHeld{
    "publisher_lock_held",
    "SELECT 1 FROM publisher.lease"
    "  JOIN unnest($2::smallint[], $3::bigint[]) AS held (log_shard, token) USING (log_shard)"
    " WHERE member_id = $1 AND fencing_token = held.token"
    " ORDER BY log_shard FOR NO KEY UPDATE OF lease"};

constexpr pg::Query kSettle{
    "publisher_settle",
    "UPDATE publisher.lease AS l"
    "   SET settled_position = greatest(settled_position, new.settled),"
    "       pushed_position = greatest(pushed_position, new.pushed)"
    "  FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS new (log_shard, settled, pushed)"
    " WHERE l.log_shard = new.log_shard"
    "   AND (l.settled_position < new.settled OR l.pushed_position < new.pushed)"};

constexpr pg::Query kCutSettled{
    "publisher_cut_settled",
    "UPDATE publisher.lease SET settled_position = least(settled_position, $1),"
    "       pushed_position = least(pushed_position, $1)"
    " WHERE log_shard = ANY ($2::smallint[]) AND greatest(settled_position, pushed_position) > $1"};

constexpr pg::Query kCutCursors{"publisher_cut_cursors",
                                "UPDATE publisher.cursor SET position = $1"
                                " WHERE log_shard = ANY ($2::smallint[]) AND position > $1"};

// Others may store cursors of theirs at this moment: locked in the order in which they do.
constexpr pg::Query kForgetCursors{
    "publisher_forget_cursors",
    "DELETE FROM publisher.cursor AS c"
    " USING (SELECT o.pool_number, o.epoch, o.log_shard FROM publisher.cursor AS o"
    "          JOIN unnest($1::integer[], $2::bigint[]) AS gone (pool, e)"
    "            ON (o.pool_number, o.epoch) = (gone.pool, gone.e)"
    "         ORDER BY o.pool_number, o.epoch, o.log_shard FOR UPDATE OF o) AS locked"
    " WHERE (c.pool_number, c.epoch, c.log_shard)"
    "     = (locked.pool_number, locked.epoch, locked.log_shard)"};

constexpr pg::Query kForgetDestinations{
    "publisher_forget_destinations",
    "DELETE FROM publisher.destination AS d"
    " USING unnest($1::integer[], $2::bigint[]) AS gone (pool, e)"
    " WHERE d.pool_number = gone.pool AND d.epoch = gone.e"};

constexpr pg::Query kForgetBulk{
    "publisher_forget_bulk_of_pools",
    "DELETE FROM publisher.bulk_cursor AS c WHERE c.pool_number = ANY ($1::integer[])"
    "   AND NOT EXISTS (SELECT FROM publisher.destination AS d"
    "                    WHERE d.pool_number = c.pool_number)"};

constexpr pg::Query kStoreCursors{
    "publisher_store_cursors",
    "INSERT INTO publisher.cursor AS c (pool_number, epoch, log_shard, position)"
    " SELECT * FROM unnest($1::integer[], $2::bigint[], $3::smallint[], $4::bigint[])"
    "  ORDER BY 1, 2, 3"
    " ON CONFLICT (pool_number, epoch, log_shard)"
    " DO UPDATE SET position = greatest(c.position, excluded.position)"};

// A destination that was turned off and is on again is known with another start, and is kept for.
constexpr pg::Query kAdd{
    "publisher_add",
    "INSERT INTO publisher.destination AS d (pool_number, epoch, start_position)"
    " SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[])"
    " ON CONFLICT (pool_number, epoch)"
    " DO UPDATE SET start_position = excluded.start_position, retired = false"};

constexpr pg::Query kJoin{
    "publisher_join",
    "UPDATE publisher.destination AS d SET counted = counted | new.shards::bit(256)"
    "  FROM unnest($1::integer[], $2::bigint[], $3::text[])"
    "    AS new (pool, e, shards)"
    " WHERE (d.pool_number, d.epoch) = (new.pool, new.e)"};

constexpr pg::Query kLeave{
    "publisher_leave",
    "UPDATE publisher.destination AS d SET counted = counted & ~old.shards::bit(256)"
    "  FROM unnest($1::integer[], $2::bigint[], $3::text[])"
    "    AS old (pool, e, shards)"
    " WHERE (d.pool_number, d.epoch) = (old.pool, old.e)"};

constexpr pg::Query kRetire{"publisher_retire",
                            "UPDATE publisher.destination AS d SET retired = true"
                            "  FROM unnest($1::integer[], $2::bigint[]) AS off (pool, e)"
                            " WHERE (d.pool_number, d.epoch) = (off.pool, off.e)"};

constexpr pg::Query kMarkGapped{
    "publisher_mark_gapped",
    "INSERT INTO publisher.destination AS d (pool_number, epoch, gapped_through, gapped_time)"
    " SELECT new.*, clock_timestamp()"
    "   FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) AS new"
    " ON CONFLICT (pool_number, epoch)"
    " DO UPDATE SET gapped_through = excluded.gapped_through, gapped_time = excluded.gapped_time"
    "     WHERE d.gapped_through < excluded.gapped_through"};

constexpr pg::Query kPark{
    "publisher_park",
    "INSERT INTO publisher.parked_change (position, pool_number, epoch, pool_id, identity_id,"
    "  dataset_name, kind, sync_count, generation, commit_time, event_bytes, reason, log_shard)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    " ON CONFLICT (position, pool_number, epoch) DO NOTHING"};

// Those that settled positions cover: they were stored while something held their shard up.
constexpr pg::Query kDropCovered{
    "publisher_drop_covered",
    "DELETE FROM publisher.cursor AS c USING publisher.lease AS l, publisher.destination AS d"
    " WHERE c.log_shard = ANY ($1::smallint[])"
    "   AND l.log_shard = c.log_shard AND c.position <= l.settled_position"
    "   AND (d.pool_number, d.epoch) = (c.pool_number, c.epoch)"
    "   AND get_bit(d.counted, c.log_shard) = 1"};

constexpr pg::Query kLoadCursors{
    "publisher_load_cursors",
    "SELECT pool_number, epoch, log_shard, position FROM publisher.cursor"
    " WHERE log_shard = ANY ($1::smallint[])"};

constexpr pg::Query kLoadDestinations{
    "publisher_load_destinations",
    "SELECT pool_number, epoch, coalesce(d.counted::text, ''), coalesce(d.retired, false),"
    "       coalesce(d.gapped_through, 0), d.gapped_time, coalesce(p.parked, 0)"
    "  FROM publisher.destination AS d"
    "  FULL JOIN (SELECT pool_number, epoch, count(*) AS parked FROM publisher.parked_change"
    "              GROUP BY pool_number, epoch) AS p USING (pool_number, epoch)"};

constexpr pg::Query kLoadEmptied{"publisher_load_emptied",
                                 "SELECT emptied_through FROM dataset.change_log_state"};

std::vector<std::int16_t> NumbersOf(const ShardSet& shards) {
  std::vector<std::int16_t> numbers;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    if (shards[i]) numbers.push_back(static_cast<std::int16_t>(i));
  }
  return numbers;
}

// PostgreSQL's bit(256), whose first bit is the leftmost.
std::string BitsOf(const ShardSet& shards) {
  std::string bits(shards.size(), '0');
  for (std::size_t i = 0; i < shards.size(); ++i) bits[i] = shards[i] ? '1' : '0';
  return bits;
}

ShardSet ShardsOf(std::string_view bits) {
  ShardSet shards;
  for (std::size_t i = 0; i < std::min(bits.size(), shards.size()); ++i) shards[i] = bits[i] == '1';
  return shards;
}

// Columns of a list of destinations.
struct Ids {
  explicit Ids(const std::vector<DestinationId>& ids) {
    for (const DestinationId& id : ids) Add(id);
  }
  void Add(const DestinationId& id) {
    pools.push_back(id.pool_number);
    epochs.push_back(id.epoch);
  }

  std::vector<std::int32_t> pools;
  std::vector<std::int64_t> epochs;
};

absl::Status StoreRows(pg::Transaction& transaction, const std::vector<CursorRow>& rows) {
  Ids ids({});
  std::vector<std::int16_t> shards;
  std::vector<Position> positions;
  for (const CursorRow& row : rows) {
    ids.Add(row.destination);
    shards.push_back(row.log_shard.value());
    positions.push_back(row.position);
  }
  return transaction.Run(kStoreCursors, pg::Params(ids.pools, ids.epochs, shards, positions))
      .status();
}

// What of them is 0 stays as it is.
absl::Status StorePositions(pg::Transaction& transaction, const ShardPositions& settled,
                            const ShardPositions& pushed) {
  std::vector<std::int16_t> shards;
  std::vector<Position> new_settled;
  std::vector<Position> new_pushed;
  for (std::size_t i = 0; i < settled.size(); ++i) {
    if (settled[i] == 0 && pushed[i] == 0) continue;
    shards.push_back(static_cast<std::int16_t>(i));
    new_settled.push_back(settled[i]);
    new_pushed.push_back(pushed[i]);
  }
  return transaction.Run(kSettle, pg::Params(shards, new_settled, new_pushed)).status();
}

absl::Status StoreAdded(pg::Transaction& transaction,
                        const std::vector<std::pair<DestinationId, Position>>& added) {
  Ids ids({});
  std::vector<Position> starts;
  for (const auto& [id, start] : added) {
    ids.Add(id);
    starts.push_back(start);
  }
  return transaction.Run(kAdd, pg::Params(ids.pools, ids.epochs, starts)).status();
}

absl::Status StoreCounting(pg::Transaction& transaction, const pg::Query& query,
                           const std::vector<Counting>& changes) {
  Ids ids({});
  std::vector<std::string> shards;
  for (const Counting& change : changes) {
    ids.Add(change.destination);
    shards.push_back(BitsOf(change.shards));
  }
  return transaction.Run(query, pg::Params(ids.pools, ids.epochs, shards)).status();
}

absl::Status Forget(pg::Transaction& transaction, const std::vector<DestinationId>& removed) {
  const Ids gone(removed);
  const pg::Params params(gone.pools, gone.epochs);
  TM_RETURN_IF_ERROR(transaction.Run(kForgetCursors, params).status());
  return transaction.Run(kForgetDestinations, params).status();
}

// Once it is known which destinations there are.
absl::Status ForgetBulk(pg::Transaction& transaction, const std::vector<DestinationId>& removed) {
  return transaction.Run(kForgetBulk, pg::Params(Ids(removed).pools)).status();
}

absl::Status Retire(pg::Transaction& transaction, const std::vector<DestinationId>& retired) {
  const Ids off(retired);
  return transaction.Run(kRetire, pg::Params(off.pools, off.epochs)).status();
}

absl::Status StoreCursors(pg::Transaction& transaction, const CursorUpdate& update) {
  if (!update.removed.empty()) TM_RETURN_IF_ERROR(Forget(transaction, update.removed));
  if (!update.added.empty()) TM_RETURN_IF_ERROR(StoreAdded(transaction, update.added));
  if (!update.removed.empty()) TM_RETURN_IF_ERROR(ForgetBulk(transaction, update.removed));
  if (!update.rows.empty()) TM_RETURN_IF_ERROR(StoreRows(transaction, update.rows));
  if (!update.joined.empty()) {
    TM_RETURN_IF_ERROR(StoreCounting(transaction, kJoin, update.joined));
  }
  if (!update.left.empty()) TM_RETURN_IF_ERROR(StoreCounting(transaction, kLeave, update.left));
  return update.retired.empty() ? absl::OkStatus() : Retire(transaction, update.retired);
}

absl::Status StoreGapped(pg::Transaction& transaction,
                         const std::map<DestinationId, Position>& gapped) {
  Ids ids({});
  std::vector<Position> positions;
  for (const auto& [id, through] : gapped) {
    ids.Add(id);
    positions.push_back(through);
  }
  return transaction.Run(kMarkGapped, pg::Params(ids.pools, ids.epochs, positions)).status();
}

absl::Status StoreParked(pg::Transaction& transaction, const NewlyParked& parked) {
  const ParkedEvent& event = parked.event;
  return transaction
      .Run(kPark,
           pg::Params(event.position, parked.destination.pool_number, parked.destination.epoch,
                      event.pool_id, event.identity_id, event.change.dataset_name,
                      static_cast<std::int16_t>(event.change.kind), event.change.sync_count,
                      event.change.generation, event.commit_time, event.event_bytes, event.reason,
                      static_cast<std::int16_t>(event.log_shard.value())))
      .status();
}

}  // namespace

absl::StatusOr<bool> LockHeld(pg::Transaction& transaction, const std::string& member,
                              const FencingTokens& tokens) {
  std::vector<std::int16_t> shards;
  std::vector<std::int64_t> held_tokens;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] == 0) continue;
    shards.push_back(static_cast<std::int16_t>(i));
    held_tokens.push_back(tokens[i]);
  }
  TM_ASSIGN_OR_RETURN(const pg::Result held,
                      transaction.Run(kLockHeld, pg::Params(member, shards, held_tokens)));
  return held.size() == static_cast<int>(shards.size());
}

Position HighestOf(const Progress& progress) {
  Position highest = 0;
  for (const NewlyParked& parked : progress.parked) {
    highest = std::max(highest, parked.event.position);
  }
  if (progress.pushed) {
    for (const Position pushed : *progress.pushed) highest = std::max(highest, pushed);
  }
  if (!progress.cursors) return highest;
  for (const Position settled : progress.cursors->settled) highest = std::max(highest, settled);
  for (const CursorRow& row : progress.cursors->rows) highest = std::max(highest, row.position);
  return highest;
}

absl::StatusOr<bool> CutBack(pg::Transaction& transaction, const ShardSet& held, Position end) {
  const pg::Params params(end, NumbersOf(held));
  TM_ASSIGN_OR_RETURN(const pg::Result settled, transaction.Run(kCutSettled, params));
  TM_ASSIGN_OR_RETURN(const pg::Result cursors, transaction.Run(kCutCursors, params));
  return settled.affected() + cursors.affected() > 0;
}

absl::Status StoreProgress(pg::Transaction& transaction, const Progress& progress) {
  TM_RETURN_IF_ERROR(LockDestinations(transaction, progress));
  for (const NewlyParked& parked : progress.parked) {
    TM_RETURN_IF_ERROR(StoreParked(transaction, parked));
  }
  if (!progress.healed.empty()) TM_RETURN_IF_ERROR(StoreHealed(transaction, progress.healed));
  if (!progress.gapped.empty()) TM_RETURN_IF_ERROR(StoreGapped(transaction, progress.gapped));
  if (!progress.replays.empty()) TM_RETURN_IF_ERROR(StoreReplays(transaction, progress.replays));
  if (!progress.bulk.empty()) TM_RETURN_IF_ERROR(StoreBulk(transaction, progress.bulk));
  if (!progress.cursors && !progress.pushed) return absl::OkStatus();
  const ShardPositions none{};
  TM_RETURN_IF_ERROR(StorePositions(transaction,
                                    progress.cursors ? progress.cursors->settled : none,
                                    progress.pushed.value_or(none)));
  return progress.cursors ? StoreCursors(transaction, *progress.cursors) : absl::OkStatus();
}

absl::Status LoadDestinations(pg::Transaction& transaction, const ShardSet& held,
                              StoredState& state) {
  const pg::Params shards(NumbersOf(held));
  TM_RETURN_IF_ERROR(transaction.Run(kDropCovered, shards).status());
  TM_ASSIGN_OR_RETURN(const pg::Result destinations,
                      transaction.Run(kLoadDestinations, pg::Params()));
  TM_ASSIGN_OR_RETURN(const auto found,
                      (destinations.ParseAll<std::int32_t, std::int64_t, std::string, bool,
                                             Position, std::optional<absl::Time>, std::int64_t>()));
  for (const auto& [pool, epoch, counted, retired, gapped_through, gapped_time, parked] : found) {
    StoredDestination& destination = state.destinations[{pool, epoch}];
    destination.counted = ShardsOf(counted);
    destination.retired = retired;
    destination.gapped_through = gapped_through;
    destination.gapped_time = gapped_time.value_or(absl::InfinitePast());
    destination.parked = parked;
  }
  TM_ASSIGN_OR_RETURN(const pg::Result cursors, transaction.Run(kLoadCursors, shards));
  TM_ASSIGN_OR_RETURN(const auto rows,
                      (cursors.ParseAll<std::int32_t, std::int64_t, std::int16_t, Position>()));
  for (const auto& [pool, epoch, log_shard, position] : rows) {
    state.destinations[{pool, epoch}].cursors[LogShard(static_cast<std::uint8_t>(log_shard))] =
        position;
  }
  TM_ASSIGN_OR_RETURN(const pg::Result emptied, transaction.Run(kLoadEmptied, pg::Params()));
  TM_ASSIGN_OR_RETURN(const auto row, emptied.ParseOnly<Position>());
  state.emptied_through = std::get<0>(row);
  return absl::OkStatus();
}

}  // namespace tidemark::publisher
