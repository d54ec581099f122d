#include "services/dataset/domain/identity_merge.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "services/dataset/domain/checks.h"
#include "services/dataset/domain/outcome.h"

namespace tidemark::dataset {
namespace {

// Names above 128 bytes must look like a merged copy's, so none passes 184.
bool IsDatasetName(const std::string& name) {
  errors::Violations violations;
  CheckDatasetName("name", name, violations);
  return violations.empty();
}

// `name` if it is free, else the first free one of `<name>-2`, `<name>-3`, ...; nullopt if those
// would be too long. `taken` are the names of copies planned before.
std::optional<std::string> FreeName(const std::string& name, const MergeDatasets& winners,
                                    const std::set<std::string>& taken) {
  std::string candidate = name;
  for (int i = 2; IsDatasetName(candidate); ++i) {
    const auto held = winners.find(candidate);
    if ((held == winners.end() || !held->second.live) && !taken.contains(candidate)) {
      return candidate;
    }
    candidate = absl::StrCat(name, "-", i);
  }
  return std::nullopt;
}

absl::Status NoFreeName(const std::string& name, const std::string& wanted) {
  return errors::Error(
      absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_LIMIT_EXCEEDED,
      absl::StrCat("the winner already has a dataset '", wanted,
                   "', and other names for a copy of '", name, "' have more than ",
                   kMaxMergedNameBytes, " bytes; delete that dataset, or the loser's '", name,
                   "', first"),
      {{"limit", "dataset_name_bytes"},
       {"bound", absl::StrCat(kMaxMergedNameBytes)},
       {"datasetName", wanted}});
}

// The limit that the winner would pass with what it holds `after` the merge.
absl::Status CheckLimits(const IdentityCounts& after, const Limits& limits) {
  using Limit = LimitBreach::Limit;
  if (after.live_datasets > limits.datasets_per_identity) {
    return ToStatus(
        LimitBreach{Limit::kDatasets, after.live_datasets, limits.datasets_per_identity});
  }
  if (after.dataset_names > limits.dataset_names_per_identity) {
    return ToStatus(
        LimitBreach{Limit::kDatasetNames, after.dataset_names, limits.dataset_names_per_identity});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<MergeStep>> PlanMerge(const MergeRequest& request,
                                                 const MergeDatasets& losers,
                                                 const MergeDatasets& winners,
                                                 IdentityCounts counts) {
  std::vector<MergeStep> steps;
  std::set<std::string> taken;
  for (const auto& [name, dataset] : losers) {
    if (!dataset.live) continue;
    const bool copy = !dataset.merged_into.empty();
    const std::string wanted = copy ? name : absl::StrCat(name, ".", request.loser.identity_id);
    std::optional<std::string> to = FreeName(wanted, winners, taken);
    if (!to) return NoFreeName(name, wanted);
    taken.insert(*to);
    counts.live_datasets += 1;
    counts.dataset_names += winners.contains(*to) ? 0 : 1;
    steps.push_back({name, *std::move(to), copy ? dataset.merged_into : name});
  }
  if (!steps.empty()) TM_RETURN_IF_ERROR(CheckLimits(counts, request.limits));
  return steps;
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

}  // namespace tidemark::dataset
