#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/base/owner.h"

namespace tidemark::publisher {

// Where a dataset stands among its pool's: in this order, text by its bytes.
struct SnapshotPlace {
  std::int64_t owner = INT64_MIN;
  std::string identity_id;
  std::string dataset_name;

  LogShard log_shard() const { return LogShardOf(Owner(owner)); }
  friend bool operator==(const SnapshotPlace&, const SnapshotPlace&) = default;
  friend auto operator<=>(const SnapshotPlace&, const SnapshotPlace&) = default;
};

// A dataset that could not be published, and why: one that stands for all.
struct BulkFailure {
  std::string identity_id;
  std::string dataset_name;
  std::string error;

  friend bool operator==(const BulkFailure&, const BulkFailure&) = default;
};

struct BulkCounts {
  std::int64_t datasets = 0;  // dealt with
  std::int64_t failed = 0;    // of those: refused by the stream for good
  std::int64_t bytes = 0;     // sent, as encoded

  friend bool operator==(const BulkCounts&, const BulkCounts&) = default;
};

// How far a bulk publish is in a log shard, as it is stored.
struct BulkShard {
  SnapshotPlace place;  // every dataset of the shard at or below is dealt with
  bool done = false;    // and so is every other
  BulkCounts counts;
  std::optional<BulkFailure> failure;

  friend bool operator==(const BulkShard&, const BulkShard&) = default;
};

// How a copy ended. Found deleted: nothing was sent, nothing is missing.
struct CopyEnd {
  std::int64_t bytes = 0;
  std::optional<std::string> error;  // it was refused for good
};

// The way of a bulk publish through some log shards that are held: one pass over the pool's
// datasets in their order. What is stored of a shard never passes a dataset that is not dealt with,
// so that whoever holds the shard next goes on there: after a crash some copies arrive again, none
// is left out. Pure; for one thread.
class BulkWalk {
 public:
  // `stored`: where others, or this process before, came to in the shards.
  BulkWalk(const std::vector<LogShard>& shards, std::map<LogShard, BulkShard> stored);

  // Where to read on; nothing: all was read.
  const std::optional<SnapshotPlace>& next() const { return next_; }
  // What to ask for: the shards that are not done.
  std::vector<LogShard> ShardsToRead() const;

  // Takes note of a page that was read from next(), in order, with where it goes on. Returns for
  // each dataset the number under which it is to end; nothing if it was dealt with before.
  using Number = std::uint64_t;
  std::vector<std::optional<Number>> Read(std::span<const SnapshotPlace> page,
                                          std::optional<SnapshotPlace> next);
  void End(Number number, CopyEnd end);

  // Datasets read and not ended.
  std::size_t open() const { return open_; }
  // All its shards are done.
  bool done() const { return done_; }
  // The shards that got on since the last call, as they are to be stored.
  std::vector<std::pair<LogShard, BulkShard>> TakeChanged();

 private:
  struct Step {
    SnapshotPlace place;
    std::optional<CopyEnd> end;
  };

  void Advance();
  void FinishIfDone();

  std::map<LogShard, BulkShard> shards_;
  std::set<LogShard> changed_;
  std::optional<SnapshotPlace> next_;
  std::deque<Step> steps_;  // read, from the first that has not ended
  Number first_ = 1;        // of the first step
  std::size_t open_ = 0;
  bool done_ = false;
};

}  // namespace tidemark::publisher
