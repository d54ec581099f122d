// MemoryStore's rarer work.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"
#include "services/dataset/store/memory_store.h"

namespace tidemark::dataset {

absl::StatusOr<DeleteOutcome> MemoryStore::Delete(const DeleteRequest& request,
                                                  absl::Time deadline) {
  const std::lock_guard lock(mutex_);
  return DeleteOne(request, TruncateToMillis(clock_.Now()));
}

DeleteOutcome MemoryStore::DeleteOne(const DeleteRequest& request, absl::Time now) {
  DatasetState* state = Find(request.dataset);
  if (state == nullptr) return {};
  DeleteOutcome outcome =
      ApplyDelete(request, now, state, identities_.at(request.dataset.identity));
  if (outcome.kind == DeleteOutcome::Kind::kDeleted) {
    // The log speaks of the generation that ended.
    Append(LoggedChange::Kind::kDelete, outcome.dataset, request.pool_number, request.origin, {});
  }
  return outcome;
}

void MemoryStore::DeleteHeld(const DatasetKey& key, PoolNumber pool_number,
                             const ChangeOrigin& origin, absl::Time now) {
  const DatasetInfo deleted = DeleteLive(origin, now, *Find(key), identities_.at(key.identity));
  Append(LoggedChange::Kind::kDelete, deleted, pool_number, origin, {});
}

absl::StatusOr<std::vector<DatasetInfo>> MemoryStore::Merge(const MergeRequest& request,
                                                            absl::Time deadline) {
  const std::lock_guard lock(mutex_);
  const absl::Time now = TruncateToMillis(clock_.Now());
  const auto counts = identities_.find(request.winner);
  const auto steps =
      PlanMerge(request, MergeDatasetsOf(request.loser), MergeDatasetsOf(request.winner),
                counts == identities_.end() ? IdentityCounts{} : counts->second);
  if (!steps.ok()) return steps.status();
  std::vector<DatasetInfo> copies;
  for (const MergeStep& step : *steps) {
    copies.push_back(CopyForMerge(request, step, now));
    DeleteHeld({request.loser, step.from}, request.pool_number, request.origin, now);
  }
  std::ranges::sort(copies, {}, [](const DatasetInfo& info) { return info.key.name; });
  return copies;
}

MergeDatasets MemoryStore::MergeDatasetsOf(const IdentityKey& identity) const {
  MergeDatasets datasets;
  for (auto it = datasets_.lower_bound(DatasetKey{identity, ""});
       it != datasets_.end() && it->first.identity == identity; ++it) {
    datasets[it->first.name] = {it->second.info.live, it->second.merged_into};
  }
  return datasets;
}

DatasetInfo MemoryStore::CopyForMerge(const MergeRequest& request, const MergeStep& step,
                                      absl::Time now) {
  const DatasetState& source = *Find({request.loser, step.from});
  const DatasetKey to{request.winner, step.to};
  const bool first = Find(to) == nullptr;
  IdentityCounts& counts = identities_[request.winner];
  counts.live_datasets += 1;
  counts.dataset_names += first ? 1 : 0;

  DatasetState& copy = datasets_[to];
  copy.info = MergedInfo(source, first ? nullptr : &copy.info, to, now);
  copy.merged_into = step.merged_into;
  copy.records = source.records;
  std::vector<Record> live;
  for (const auto& [key, record] : copy.records) {
    if (record.value) live.push_back(record);
  }
  Append(LoggedChange::Kind::kSnapshot, copy.info, request.pool_number, request.origin,
         std::move(live));
  return copy.info;
}

absl::StatusOr<Erased> MemoryStore::Erase(const EraseRequest& request, absl::Time deadline) {
  const std::lock_guard lock(mutex_);
  Erased erased{.time = TruncateToMillis(clock_.Now())};
  for (auto it = datasets_.lower_bound(DatasetKey{request.identity, ""});
       it != datasets_.end() && it->first.identity == request.identity;) {
    erased.datasets += 1;
    erased.records += static_cast<std::int64_t>(it->second.records.size());
    erased.bytes += it->second.info.live ? it->second.info.bytes : 0;
    if (it->second.info.live) {
      DeleteHeld(it->first, request.pool_number, request.origin, erased.time);
    }
    it = datasets_.erase(it);
  }
  identities_.erase(request.identity);
  erased.change_log_rows = std::ranges::count(
      log_, request.identity, [](const LoggedChange& change) { return change.dataset.identity; });
  return erased;
}

absl::StatusOr<std::int64_t> MemoryStore::PurgePool(const std::string& pool_id, bool force,
                                                    absl::Time deadline) {
  const std::lock_guard lock(mutex_);
  const auto in_pool = [&pool_id](const auto& entry) { return entry.first.pool_id == pool_id; };
  const std::int64_t holding = std::ranges::count_if(identities_, in_pool);
  if (holding > 0 && !force) {
    return errors::Error(
        absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_POOL_NOT_EMPTY,
        absl::StrCat(holding, " identities hold data in this pool; erase them first, or force"));
  }
  std::erase_if(datasets_,
                [&pool_id](const auto& e) { return e.first.identity.pool_id == pool_id; });
  std::erase_if(identities_, in_pool);
  sessions_.erase(pool_id);
  modified_times_.erase(pool_id);
  return holding;
}

absl::Status MemoryStore::AddSessions(
    std::span<const std::pair<std::string, std::int64_t>> sessions, absl::Time deadline) {
  const std::lock_guard lock(mutex_);
  for (const auto& [pool_id, count] : sessions) sessions_[pool_id] += count;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PoolUsage>> MemoryStore::DescribePools(
    std::span<const std::string> pool_ids, absl::Time deadline) {
  const std::lock_guard lock(mutex_);
  std::vector<PoolUsage> usages;
  for (const std::string& pool_id : pool_ids) usages.push_back(UsageOf(pool_id));
  return usages;
}

PoolUsage MemoryStore::UsageOf(const std::string& pool_id) const {
  PoolUsage usage{.pool_id = pool_id};
  if (const auto found = sessions_.find(pool_id); found != sessions_.end()) {
    usage.sync_sessions = found->second;
  }
  if (const auto found = modified_times_.find(pool_id); found != modified_times_.end()) {
    usage.modified_time = found->second;
  }
  for (const auto& [key, state] : datasets_) {
    if (key.identity.pool_id == pool_id && state.info.live) usage.bytes += state.info.bytes;
  }
  return usage;
}

}  // namespace tidemark::dataset
