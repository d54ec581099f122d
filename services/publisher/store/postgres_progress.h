#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/pg/transaction.h"
#include "services/publisher/store/lease_store.h"

// What PostgresLeaseStore stores and loads within its transactions.
namespace tidemark::publisher {

// Locks the leases of the shards that have tokens, and says whether `member` holds them with these:
// as long as the transaction lasts, nobody takes them away.
absl::StatusOr<bool> LockHeld(pg::Transaction& transaction, const std::string& member,
                              const FencingTokens& tokens);

// The highest position of which `progress` says that it was dealt with; 0 for none.
Position HighestOf(const Progress& progress);

// Lowers what is stored of the shards `held` above the log's end. Whether there was any.
absl::StatusOr<bool> CutBack(pg::Transaction& transaction, const ShardSet& held, Position end);

// `progress` of a holder.
absl::Status StoreProgress(pg::Transaction& transaction, const Progress& progress);

// Everything but `settled`, which is there already, as it is for the shards `held`. Drops cursors
// of theirs that settled positions cover.
absl::Status LoadDestinations(pg::Transaction& transaction, const ShardSet& held,
                              StoredState& state);

}  // namespace tidemark::publisher
