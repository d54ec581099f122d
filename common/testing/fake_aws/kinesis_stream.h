#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

// One of the fake's streams: its stream shards and what they took, in order of arrival. Not safe
// for concurrent use.
class KinesisStream {
 public:
  KinesisStream(std::string name, std::string arn, int shards, absl::Time created);

  const std::string& name() const { return name_; }
  const std::string& arn() const { return arn_; }
  int shards() const { return shards_; }
  absl::Time created() const { return created_; }
  const std::vector<ReceivedRecord>& records() const { return records_; }
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t accepted_bytes() const { return accepted_bytes_; }

  // The shard whose range holds the key's MD5.
  int ShardOf(std::string_view partition_key) const;

  // Takes a record: only counts it, unless `kept` is given. Returns its sequence number.
  std::string Append(int shard, std::size_t bytes, ReceivedRecord* kept);

  // "shardId-000000000000".
  static std::string ShardId(int shard);
  // The decimal number where the shard's range of hash keys starts, and its last one.
  std::string FirstHashKey(int shard) const;
  std::string LastHashKey(int shard) const;

 private:
  const std::string name_;
  const std::string arn_;
  const int shards_;
  const absl::Time created_;
  std::vector<ReceivedRecord> records_;
  std::uint64_t accepted_ = 0;
  std::uint64_t accepted_bytes_ = 0;
};

}  // namespace tidemark::fake_aws
