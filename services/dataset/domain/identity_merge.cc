#include "services/dataset/domain/identity_merge.h"

#include <algorithm>

namespace tidemark::dataset {

std::string MergedName(const std::string& name, const std::string& merged_into,
                       const IdentityKey& loser) {
  return merged_into.empty() ? name + "." + loser.identity_id : name;
}

DatasetInfo MergedInfo(const DatasetState& source, const DatasetInfo* before, const DatasetKey& to,
                       absl::Time now) {
  std::int64_t count = before != nullptr ? before->sync_count.value() + 1 : 1;
  for (const auto& [key, record] : source.records) {
    count = std::max(count, record.sync_count.value());
  }
  DatasetInfo info = source.info;
  info.key = to;
  info.sync_count = SyncCount(count);
  info.generation = before != nullptr ? before->generation : Generation(1);
  info.deleted_at = before != nullptr ? before->deleted_at : std::nullopt;
  info.created_time = now;
  info.modified_time = before != nullptr ? std::max(now, before->modified_time) : now;
  return info;
}

std::optional<LimitBreach> FindMergeBreach(const IdentityCounts& after, const Limits& limits) {
  using Limit = LimitBreach::Limit;
  if (after.live_datasets > limits.datasets_per_identity) {
    return LimitBreach{Limit::kDatasets, after.live_datasets, limits.datasets_per_identity};
  }
  if (after.dataset_names > limits.dataset_names_per_identity) {
    return LimitBreach{Limit::kDatasetNames, after.dataset_names,
                       limits.dataset_names_per_identity};
  }
  return std::nullopt;
}

}  // namespace tidemark::dataset
