#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/time/time.h"

namespace tidemark::fake_aws {

// A record that a stream took.
struct ReceivedRecord {
  std::string partition_key;
  std::string data;  // decoded
  std::string shard_id;
  std::string sequence_number;
  std::uint64_t call = 0;  // the number of the call that brought it
  absl::Time arrived;
};

// A stream shard: takes a range of hash keys, until the stream is resharded.
struct StreamShard {
  absl::uint128 first_hash_key;
  absl::uint128 last_hash_key;
  // Indexes of the shards whose range this one took over: one after a split, two after a merger.
  std::optional<int> parent;
  std::optional<int> adjacent_parent;
  std::uint64_t opened_at = 0;             // how many records the stream had taken then
  std::optional<std::uint64_t> closed_at;  // the same; nullopt while it is open
};

// One of the fake's streams: its stream shards and what they took, in order of arrival. Shards are
// known by their index; closed ones stay. Not safe for concurrent use.
class KinesisStream {
 public:
  KinesisStream(std::string name, std::string arn, int shards, absl::Time created);

  const std::string& name() const { return name_; }
  const std::string& arn() const { return arn_; }
  const std::vector<StreamShard>& shards() const { return shards_; }
  int open_shards() const { return static_cast<int>(open_.size()); }
  absl::Time created() const { return created_; }
  // The records that are kept, in order of arrival; and how many before them were forgotten.
  const std::deque<ReceivedRecord>& records() const { return records_; }
  std::size_t forgotten() const { return forgotten_; }
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t accepted_bytes() const { return accepted_bytes_; }

  // The open shard whose range holds the key's MD5.
  int ShardOf(std::string_view partition_key) const;

  // Takes a record: only counts it, unless `kept` is given. Returns its sequence number.
  std::string Append(int shard, std::size_t bytes, ReceivedRecord* kept);

  // A reader of the shard has all records of it before this one (counted from the first ever), and
  // comes back for none. What the readers of all shards have is forgotten.
  void ForgetRead(int shard, std::size_t before);

  // Splits every open shard, or merges neighbours two by two, until there are `target` of them.
  // False, and nothing done, unless that is twice or half as many as now.
  bool Reshard(int target);

  // The shards that took over from a closed one.
  std::vector<int> ChildrenOf(int shard) const;

  // "shardId-000000000000".
  static std::string ShardId(int shard);
  // Of the record that is the stream's number `count`, from 1. Grows with time.
  static std::string SequenceNumber(std::uint64_t count);

 private:
  void Open(StreamShard shard);
  void Close(int shard) { shards_[shard].closed_at = accepted_; }

  const std::string name_;
  const std::string arn_;
  const absl::Time created_;
  std::vector<StreamShard> shards_;
  std::vector<int> open_;  // by range
  std::deque<ReceivedRecord> records_;
  std::size_t forgotten_ = 0;
  std::map<int, std::size_t> read_before_;  // by shard: see ForgetRead
  std::uint64_t accepted_ = 0;
  std::uint64_t accepted_bytes_ = 0;
};

// The number as JSON's strings of hash keys have it.
std::string Decimal(absl::uint128 value);

}  // namespace tidemark::fake_aws
