#include "services/publisher/domain/bulk_walk.h"

#include <algorithm>

namespace tidemark::publisher {

BulkWalk::BulkWalk(const std::vector<LogShard>& shards, std::map<LogShard, BulkShard> stored) {
  for (const LogShard shard : shards) {
    const auto it = stored.find(shard);
    BulkShard& known = shards_[shard];
    if (it != stored.end()) known = std::move(it->second);
    if (!known.done && (!next_ || known.place < *next_)) next_ = known.place;
  }
  FinishIfDone();
}

std::vector<LogShard> BulkWalk::ShardsToRead() const {
  std::vector<LogShard> shards;
  for (const auto& [shard, known] : shards_) {
    if (!known.done) shards.push_back(shard);
  }
  return shards;
}

std::vector<std::optional<BulkWalk::Number>> BulkWalk::Read(std::span<const SnapshotPlace> page,
                                                            std::optional<SnapshotPlace> next) {
  std::vector<std::optional<Number>> numbers;
  numbers.reserve(page.size());
  for (const SnapshotPlace& place : page) {
    const auto shard = shards_.find(place.log_shard());
    if (shard == shards_.end() || shard->second.done || place <= shard->second.place) {
      numbers.push_back(std::nullopt);
      continue;
    }
    numbers.push_back(first_ + steps_.size());
    steps_.push_back({place, std::nullopt});
    ++open_;
  }
  next_ = std::move(next);
  FinishIfDone();
  return numbers;
}

void BulkWalk::End(Number number, CopyEnd end) {
  steps_[number - first_].end = std::move(end);
  --open_;
  Advance();
}

void BulkWalk::Advance() {
  for (; !steps_.empty() && steps_.front().end; steps_.pop_front(), ++first_) {
    Step& step = steps_.front();
    const LogShard log_shard = step.place.log_shard();
    BulkShard& shard = shards_.at(log_shard);
    ++shard.counts.datasets;
    shard.counts.bytes += step.end->bytes;
    if (step.end->error) {
      ++shard.counts.failed;
      shard.failure = {step.place.identity_id, step.place.dataset_name, *step.end->error};
    }
    shard.place = std::move(step.place);
    changed_.insert(log_shard);
  }
  FinishIfDone();
}

void BulkWalk::FinishIfDone() {
  if (done_ || next_ || !steps_.empty()) return;
  done_ = true;
  for (auto& [log_shard, shard] : shards_) {
    if (!std::exchange(shard.done, true)) changed_.insert(log_shard);
  }
}

std::vector<std::pair<LogShard, BulkShard>> BulkWalk::TakeChanged() {
  std::vector<std::pair<LogShard, BulkShard>> changed;
  for (const LogShard log_shard : changed_) changed.emplace_back(log_shard, shards_.at(log_shard));
  changed_.clear();
  return changed;
}

}  // namespace tidemark::publisher
