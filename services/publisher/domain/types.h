#pragma once

#include <bitset>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/base/owner.h"

// What the publisher knows, free of wire and database types.
namespace tidemark::publisher {

// A place in the change log, from 1. Positions are handed out in order and commit out of order.
using Position = std::int64_t;
inline constexpr Position kMaxPosition = std::numeric_limits<Position>::max();

// Some of the log shards, by number.
using ShardSet = std::bitset<kLogShards>;

// PostgreSQL's 64-bit transaction id.
using Xid = std::uint64_t;

// Positions first..last, both included.
struct PositionRange {
  Position first = 0;
  Position last = 0;

  std::int64_t size() const { return last - first + 1; }
  friend bool operator==(const PositionRange&, const PositionRange&) = default;
};

// Where changes go: one epoch of a pool's stream.
struct DestinationId {
  std::int32_t pool_number = 0;
  std::int64_t epoch = 0;

  friend bool operator==(const DestinationId&, const DestinationId&) = default;
  friend auto operator<=>(const DestinationId&, const DestinationId&) = default;
  template <typename H>
  friend H AbslHashValue(H hash, const DestinationId& id) {
    return H::combine(std::move(hash), id.pool_number, id.epoch);
  }
};

// A bulk publish of a pool: all its live datasets, to its stream.
struct BulkJob {
  enum class State { kRunning, kSucceeded, kFailed };
  std::int64_t job = 0;
  State state = State::kRunning;
  absl::Time start;  // when it was asked for

  friend bool operator==(const BulkJob&, const BulkJob&) = default;
};

// A destination as the pool's settings describe it.
struct DestinationConfig {
  DestinationId id;
  bool enabled = true;
  bool turned_off = false;  // not enabled, and Tidemark did it: no user wanted that
  std::string pool_id;
  std::string stream_name;
  std::string role_arn;         // the role that may write it
  std::string external_id;      // what that role trusts us by
  Position start = 0;           // changes above it are wanted
  bool paused = false;          // gets nothing until it is resumed
  std::optional<BulkJob> bulk;  // the pool's last bulk publish, if it goes to this destination
  // Of the pool, whose settings these are: what is refused under one says nothing about another.
  std::int64_t version = 0;

  friend bool operator==(const DestinationConfig&, const DestinationConfig&) = default;
};

// As tidemark.change.v1.ChangeKind.
enum class ChangeKind : std::int16_t { kUpdate = 1, kDelete = 2, kSnapshot = 3 };

// Which change: with the pool and the identity, what a repeat has in common with the first.
struct ChangeIdentity {
  std::string dataset_name;
  ChangeKind kind = ChangeKind::kUpdate;
  std::int64_t sync_count = 0;
  std::int64_t generation = 0;

  friend bool operator==(const ChangeIdentity&, const ChangeIdentity&) = default;
};

// Where the JSON array of an event's records stands in its data. Empty: it has no records.
struct RecordsPart {
  std::size_t at = 0;
  std::size_t size = 0;

  friend bool operator==(const RecordsPart&, const RecordsPart&) = default;
};

// A change on its way to one destination.
struct Event {
  Position position = 0;
  LogShard log_shard;
  std::string key;   // partition key: the identity id
  std::string data;  // the encoded event, contract section 5
  RecordsPart records;
  // Since its records are stored apart, `data` has their URL, which is made anew after this time,
  // by the clock of the delivery window; none: the records stand in `data`.
  std::optional<absl::Time> stored_until;
  ChangeIdentity change;
  absl::Time commit_time;   // by the database's clock
  absl::Time read_time;     // when it was read from the log
  std::string traceparent;  // W3C trace context of the request; empty if it had none
  // Of a copy of a dataset, which is no change of the log and has no position: its ticket, by which
  // whoever sends it knows it. 0 for a change.
  std::uint64_t copy = 0;

  bool is_copy() const { return copy != 0; }
  // What counts against Kinesis's limits.
  std::int64_t record_bytes() const { return static_cast<std::int64_t>(data.size() + key.size()); }
  std::string_view records_json() const {
    return std::string_view(data).substr(records.at, records.size);
  }
  // What it takes of memory, roughly.
  std::int64_t memory_bytes() const {
    constexpr std::int64_t kOverhead = 240;  // containers and allocator
    return static_cast<std::int64_t>(sizeof(Event) + data.capacity() + key.size() +
                                     change.dataset_name.size() + traceparent.size()) +
           kOverhead;
  }
};

// A change that its destination refuses for good: a declared gap.
struct ParkedEvent {
  Position position = 0;
  LogShard log_shard;
  std::string pool_id;
  std::string identity_id;
  ChangeIdentity change;
  absl::Time commit_time;
  std::int64_t event_bytes = 0;
  std::string reason;  // why, and what can be done
};

}  // namespace tidemark::publisher
