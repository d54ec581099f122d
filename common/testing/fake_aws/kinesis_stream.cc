#include "common/testing/fake_aws/kinesis_stream.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tidemark::fake_aws {
namespace {

// Real sequence numbers have 56 digits, too; they grow with time within a shard.
constexpr std::string_view kSequencePrefix = "495903382714902566085596925383615710";

// 2^128 over `shards`, for more than one.
absl::uint128 RangeWidth(int shards) {
  const auto divisor = static_cast<absl::uint128>(shards);
  const bool even = absl::Uint128Max() % divisor == divisor - 1;
  return absl::Uint128Max() / divisor + (even ? 1 : 0);
}

}  // namespace

std::string Decimal(absl::uint128 value) {
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

KinesisStream::KinesisStream(std::string name, std::string arn, int shards, absl::Time created)
    : name_(std::move(name)), arn_(std::move(arn)), created_(created) {
  const absl::uint128 width = shards == 1 ? 0 : RangeWidth(shards);
  for (int shard = 0; shard < shards; ++shard) {
    const absl::uint128 first = width * static_cast<absl::uint128>(shard);
    const bool last = shard == shards - 1;
    Open({.first_hash_key = first,
          .last_hash_key = last ? absl::Uint128Max() : first + width - 1,
          .parent = std::nullopt,
          .adjacent_parent = std::nullopt,
          .closed_at = std::nullopt});
  }
}

void KinesisStream::Open(StreamShard shard) {
  shard.opened_at = accepted_;
  open_.push_back(static_cast<int>(shards_.size()));
  shards_.push_back(shard);
}

int KinesisStream::ShardOf(std::string_view partition_key) const {
  if (open_.size() == 1) return open_.front();
  std::array<unsigned char, 16> digest{};
  EVP_Digest(partition_key.data(), partition_key.size(), digest.data(), nullptr, EVP_md5(),
             nullptr);
  absl::uint128 hash = 0;
  for (const unsigned char byte : digest) hash = hash << 8 | byte;
  return *std::partition_point(open_.begin(), open_.end(),
                               [&](int shard) { return shards_[shard].last_hash_key < hash; });
}

std::string KinesisStream::Append(int shard, std::size_t bytes, ReceivedRecord* kept) {
  ++accepted_;
  accepted_bytes_ += bytes;
  std::string sequence_number = SequenceNumber(accepted_);
  if (kept != nullptr) {
    kept->shard_id = ShardId(shard);
    kept->sequence_number = sequence_number;
    records_.push_back(std::move(*kept));
  }
  return sequence_number;
}

void KinesisStream::ForgetRead(int shard, std::size_t before) {
  std::size_t& had = read_before_[shard];
  had = std::max(had, before);
  std::size_t all_have = SIZE_MAX;
  for (int other = 0; other < static_cast<int>(shards_.size()); ++other) {
    const auto found = read_before_.find(other);
    all_have = std::min(all_have, found == read_before_.end() ? 0 : found->second);
  }
  while (forgotten_ < all_have && !records_.empty()) {
    records_.pop_front();
    ++forgotten_;
  }
}

bool KinesisStream::Reshard(int target) {
  const std::vector<int> before = open_;
  const int count = open_shards();
  if (target != 2 * count && 2 * target != count) return false;
  open_.clear();
  if (target > count) {
    for (const int parent : before) {
      const StreamShard& old = shards_[parent];
      const absl::uint128 first = old.first_hash_key;
      const absl::uint128 last = old.last_hash_key;
      const absl::uint128 middle = first + (last - first) / 2;
      Close(parent);
      Open({first, middle, parent, std::nullopt, 0, std::nullopt});
      Open({middle + 1, last, parent, std::nullopt, 0, std::nullopt});
    }
    return true;
  }
  for (std::size_t i = 0; i < before.size(); i += 2) {
    const int left = before[i];
    const int right = before[i + 1];
    Close(left);
    Close(right);
    Open(
        {shards_[left].first_hash_key, shards_[right].last_hash_key, left, right, 0, std::nullopt});
  }
  return true;
}

std::vector<int> KinesisStream::ChildrenOf(int shard) const {
  std::vector<int> children;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (shards_[i].parent == shard || shards_[i].adjacent_parent == shard) {
      children.push_back(static_cast<int>(i));
    }
  }
  return children;
}

std::string KinesisStream::ShardId(int shard) { return absl::StrFormat("shardId-%012d", shard); }

std::string KinesisStream::SequenceNumber(std::uint64_t count) {
  const std::string digits = std::to_string(count);
  std::string number(kSequencePrefix);
  return number.append(20 - digits.size(), '0').append(digits);
}

}  // namespace tidemark::fake_aws
