#include "services/dataset/domain/merge.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace tidemark::dataset {
namespace {

std::int64_t SizeOf(const std::string& key, const std::optional<std::string>& value) {
  return value ? static_cast<std::int64_t>(key.size() + value->size()) : 0;
}

const DatasetState::Entry* FindApplied(const DatasetState& state, const RequestIdentity& identity,
                                       absl::Time now) {
  for (const DatasetState::Entry& entry : state.applied) {
    if (entry.identity.request == identity.request && now - entry.time <= kReplayWindow) {
      return &entry;
    }
  }
  return nullptr;
}

void Remember(DatasetState& state, const RequestIdentity& identity, bool triggered) {
  state.applied.push_front({identity, state.info.sync_count, state.info.modified_time, triggered});
  if (state.applied.size() > kReplaysKept) state.applied.pop_back();
}

Conflict FindConflicts(const UpdateRequest& request, const DatasetState* state) {
  const Generation generation =
      state != nullptr && state->info.live ? state->info.generation : Generation(0);
  const bool other_life = request.seen_generation && *request.seen_generation != generation;
  Conflict conflict;
  for (const RecordPatch& patch : request.patches) {
    SyncCount current(0);
    if (state != nullptr) {
      const auto found = state->records.find(patch.key);
      if (found != state->records.end()) current = found->second.sync_count;
    }
    if (other_life || current != patch.expected)
      conflict.keys.push_back({patch.key, current, patch.expected});
  }
  return conflict;
}

// What the dataset would hold after the patches.
struct Totals {
  std::int64_t live_records = 0;
  std::int64_t keys = 0;
  std::int64_t bytes = 0;
};

Totals TotalsAfter(const std::vector<RecordPatch>& patches, const DatasetState* state) {
  Totals totals;
  if (state != nullptr && state->info.live) {
    totals = {state->info.live_records, static_cast<std::int64_t>(state->records.size()),
              state->info.bytes};
  }
  for (const RecordPatch& patch : patches) {
    const bool known = state != nullptr && state->records.contains(patch.key);
    const std::optional<std::string> old =
        known ? state->records.at(patch.key).value : std::nullopt;
    totals.keys += known ? 0 : 1;
    totals.live_records += (patch.value ? 1 : 0) - (old ? 1 : 0);
    totals.bytes += SizeOf(patch.key, patch.value) - SizeOf(patch.key, old);
  }
  return totals;
}

// The first limit of a dataset that would be passed; growth alone is refused, so that a dataset
// above a limit that was lowered can still shrink.
std::optional<LimitBreach> DatasetBreach(const Limits& limits, const Totals& before,
                                         const Totals& after) {
  using Limit = LimitBreach::Limit;
  if (after.live_records >
      std::max<std::int64_t>(limits.records_per_dataset, before.live_records)) {
    return LimitBreach{Limit::kRecords, after.live_records, limits.records_per_dataset};
  }
  if (after.keys > std::max<std::int64_t>(limits.keys_per_dataset, before.keys)) {
    return LimitBreach{Limit::kKeys, after.keys, limits.keys_per_dataset};
  }
  if (after.bytes > std::max(limits.bytes_per_dataset, before.bytes)) {
    return LimitBreach{Limit::kBytes, after.bytes, limits.bytes_per_dataset};
  }
  return std::nullopt;
}

// The first limit that would be passed.
std::optional<LimitBreach> FindBreach(const UpdateRequest& request, const DatasetState* state,
                                      const IdentityCounts& counts, const Totals& after) {
  using Limit = LimitBreach::Limit;
  const Limits& limits = request.limits;
  if ((state == nullptr || !state->info.live) &&
      counts.live_datasets + 1 > limits.datasets_per_identity) {
    return LimitBreach{Limit::kDatasets, counts.live_datasets + 1, limits.datasets_per_identity};
  }
  if (state == nullptr && counts.dataset_names + 1 > limits.dataset_names_per_identity) {
    return LimitBreach{Limit::kDatasetNames, counts.dataset_names + 1,
                       limits.dataset_names_per_identity};
  }
  return DatasetBreach(limits, TotalsAfter({}, state), after);
}

// Creates the dataset, or begins its next life.
void Revive(const DatasetKey& key, absl::Time now, bool first, DatasetInfo& info,
            IdentityCounts& counts) {
  info.key = key;
  info.live = true;
  info.created_time = now;
  if (first) info.generation = Generation(1);
  counts.live_datasets += 1;
  counts.dataset_names += first ? 1 : 0;
}

// What the deletion of `entry` answered, as far as it is still known.
DatasetInfo FirstAnswer(const DeleteRequest& request, const DatasetState::Entry& entry,
                        const DatasetInfo& info) {
  DatasetInfo first = info;  // a tombstone still says what it held
  if (info.live || info.deleted_at != entry.sync_count) {
    first = {.key = info.key, .created_time = absl::InfinitePast()};
  }
  first.live = true;
  first.sync_count = entry.sync_count;
  first.modified_time = entry.time;
  first.modified_by = request.origin.modified_by;
  first.deleted_at = entry.sync_count;
  return first;
}

}  // namespace

std::optional<UpdateOutcome> FindRepeat(const DatasetState& state, const RequestIdentity& identity,
                                        absl::Time now) {
  const DatasetState::Entry* const entry = FindApplied(state, identity, now);
  if (entry == nullptr) return std::nullopt;
  if (entry->identity.content != identity.content) return RequestIdReused{};
  return Applied{entry->sync_count, entry->time, /*replayed=*/true, entry->triggered};
}

std::optional<LimitBreach> CertainBreach(const UpdateRequest& request) {
  const std::int64_t known = std::ranges::count_if(
      request.patches, [](const RecordPatch& patch) { return patch.expected > SyncCount(0); });
  // What the device knows may be there, and of any size: then it is no growth. But no request has
  // more keys than a dataset may: its database time is bounded, whatever it claims to know.
  const Totals before = {.live_records = known,
                         .keys = 0,
                         .bytes = known > 0 ? std::numeric_limits<std::int64_t>::max() : 0};
  return DatasetBreach(request.limits, before, TotalsAfter(request.patches, nullptr));
}

UpdateOutcome ApplyUpdate(const UpdateRequest& request, absl::Time now, DatasetState* state,
                          IdentityCounts& counts, DatasetState& created) {
  if (state != nullptr) {
    now = std::max(now, state->info.modified_time);  // times of a dataset never go back
    if (auto repeat = FindRepeat(*state, request.identity, now)) return *std::move(repeat);
  }
  Conflict conflict = FindConflicts(request, state);
  if (!conflict.keys.empty()) return conflict;
  const Totals after = TotalsAfter(request.patches, state);
  if (const auto breach = FindBreach(request, state, counts, after)) return *breach;

  DatasetState& dataset = state != nullptr ? *state : created;
  DatasetInfo& info = dataset.info;
  if (state == nullptr || !info.live) {
    Revive(request.dataset, now, /*first=*/state == nullptr, info, counts);
  }
  info.sync_count = SyncCount(info.sync_count.value() + 1);
  info.modified_time = now;
  info.modified_by = request.origin.modified_by;
  info.live_records = after.live_records;
  info.bytes = after.bytes;
  const Applied applied{info.sync_count, now};
  for (Record& record : AnswerOf(request, applied)) {
    std::string key = record.key;
    dataset.records.insert_or_assign(std::move(key), std::move(record));
  }
  Remember(dataset, request.identity, request.seen_generation.has_value());
  return applied;
}

DeleteOutcome ApplyDelete(const DeleteRequest& request, absl::Time now, DatasetState* state,
                          IdentityCounts& counts) {
  using Kind = DeleteOutcome::Kind;
  if (state == nullptr) return {};
  DatasetInfo& info = state->info;
  now = std::max(now, info.modified_time);
  const DatasetState::Entry* const entry =
      request.identity ? FindApplied(*state, *request.identity, now) : nullptr;
  if (entry != nullptr) {
    if (entry->identity.content != request.identity->content) return {Kind::kRequestIdReused, {}};
    return {Kind::kReplayed, FirstAnswer(request, *entry, info)};
  }
  if (!info.live) return {};
  const DatasetInfo deleted = DeleteLive(request.origin, now, *state, counts);
  if (request.identity) Remember(*state, *request.identity, /*triggered=*/false);
  return {Kind::kDeleted, deleted};
}

DatasetInfo DeleteLive(const ChangeOrigin& origin, absl::Time now, DatasetState& state,
                       IdentityCounts& counts) {
  DatasetInfo& info = state.info;
  info.sync_count = SyncCount(info.sync_count.value() + 1);
  info.modified_time = std::max(now, info.modified_time);
  info.modified_by = origin.modified_by;
  info.deleted_at = info.sync_count;
  DatasetInfo deleted = info;
  info.live = false;
  info.generation = Generation(info.generation.value() + 1);
  state.records.clear();
  state.merged_into.clear();
  std::erase_if(state.applied, [](const auto& entry) { return !entry.identity.named; });
  counts.live_datasets -= 1;
  return deleted;
}

bool DeletedAfter(const DatasetInfo& info, SyncCount since) {
  if (!info.deleted_at || since.value() <= 0) return false;
  return info.live ? since < *info.deleted_at : since <= *info.deleted_at;
}

}  // namespace tidemark::dataset
