#include "common/testing/fake_aws/kinesis_stream.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/numeric/int128.h"
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

std::string Decimal(absl::uint128 value) {
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace

KinesisStream::KinesisStream(std::string name, std::string arn, int shards, absl::Time created)
    : name_(std::move(name)), arn_(std::move(arn)), shards_(shards), created_(created) {}

int KinesisStream::ShardOf(std::string_view partition_key) const {
  if (shards_ == 1) return 0;
  std::array<unsigned char, 16> digest{};
  EVP_Digest(partition_key.data(), partition_key.size(), digest.data(), nullptr, EVP_md5(),
             nullptr);
  absl::uint128 hash = 0;
  for (const unsigned char byte : digest) hash = hash << 8 | byte;
  return std::min(static_cast<int>(hash / RangeWidth(shards_)), shards_ - 1);
}

std::string KinesisStream::Append(int shard, std::size_t bytes, ReceivedRecord* kept) {
  ++accepted_;
  accepted_bytes_ += bytes;
  const std::string count = std::to_string(accepted_);
  std::string sequence_number(kSequencePrefix);
  sequence_number.append(20 - count.size(), '0').append(count);
  if (kept != nullptr) {
    kept->shard_id = ShardId(shard);
    kept->sequence_number = sequence_number;
    records_.push_back(std::move(*kept));
  }
  return sequence_number;
}

std::string KinesisStream::ShardId(int shard) { return absl::StrFormat("shardId-%012d", shard); }

std::string KinesisStream::FirstHashKey(int shard) const {
  return Decimal(RangeWidth(shards_) * static_cast<absl::uint128>(shard));
}

std::string KinesisStream::LastHashKey(int shard) const {
  if (shard == shards_ - 1) return Decimal(absl::Uint128Max());
  return Decimal(RangeWidth(shards_) * static_cast<absl::uint128>(shard + 1) - 1);
}

}  // namespace tidemark::fake_aws
