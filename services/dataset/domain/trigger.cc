#include "services/dataset/domain/trigger.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "common/base/abseil.h"

namespace tidemark::dataset {
namespace {

SyncCount CountOf(const Record* held) { return held == nullptr ? SyncCount(0) : held->sync_count; }

// The record of a patched key as the server holds it. What it never held has no value, count 0, and
// the caller as its writer: a client forgets its own change then.
Record HeldRecord(const UpdateRequest& request, const std::string& key, const DatasetView& view,
                  absl::Time now) {
  if (const Record* held = view.Find(key)) return *held;
  return {.key = key,
          .value = std::nullopt,
          .sync_count = SyncCount(0),
          .modified_time = now,
          .device_modified_time = now,
          .modified_by = request.origin.modified_by};
}

absl::flat_hash_set<absl::string_view> KeysOf(const UpdateRequest& request) {
  absl::flat_hash_set<absl::string_view> keys;
  keys.reserve(request.patches.size());
  for (const RecordPatch& patch : request.patches) keys.insert(patch.key);
  return keys;
}

}  // namespace

const Record* DatasetView::Find(std::string_view key) const {
  const auto found = std::ranges::lower_bound(
      records, key, {}, [](const Record& record) -> std::string_view { return record.key; });
  return found != records.end() && found->key == key ? &*found : nullptr;
}

Conflict ConflictsWith(const UpdateRequest& request, const DatasetView& view) {
  Conflict conflict;
  for (const RecordPatch& patch : request.patches) {
    const SyncCount current = CountOf(view.Find(patch.key));
    if (current != patch.expected) conflict.keys.push_back({patch.key, current, patch.expected});
  }
  return conflict;
}

TriggerPlan PlanOf(const UpdateRequest& request, const DatasetView& view,
                   const TriggerOutput& output, absl::Time now) {
  TriggerPlan plan;
  for (std::size_t i = 0; i < request.patches.size(); ++i) {
    const RecordPatch& patch = request.patches[i];
    const auto wanted = output.find(patch.key);
    if (wanted == output.end()) {
      plan.left_out.emplace(i, HeldRecord(request, patch.key, view, now));
    } else {
      plan.patches.push_back(
          {patch.key, wanted->second, patch.expected, patch.device_modified_time});
    }
  }
  const auto patched = KeysOf(request);
  for (const auto& [key, value] : output) {
    if (patched.contains(key)) continue;
    const Record* const held = view.Find(key);
    if (value == (held == nullptr ? std::nullopt : held->value)) continue;
    plan.patches.push_back({key, value, CountOf(held), std::nullopt});
  }
  return plan;
}

std::vector<Record> TriggerAnswer(std::vector<Record> written,
                                  std::map<std::size_t, Record> left_out) {
  if (left_out.empty()) return written;
  std::vector<Record> records;
  records.reserve(written.size() + left_out.size());
  auto next = written.begin();
  while (records.size() < written.size() + left_out.size()) {
    const auto held = left_out.find(records.size());
    records.push_back(std::move(held != left_out.end() ? held->second : *next++));
  }
  return records;
}

std::vector<Record> RepeatAnswer(const UpdateRequest& request, SyncCount count,
                                 const DatasetView& view, absl::Time now) {
  std::vector<Record> records;
  for (const RecordPatch& patch : request.patches) {
    records.push_back(HeldRecord(request, patch.key, view, now));
  }
  const auto patched = KeysOf(request);
  for (const Record& record : view.records) {
    if (record.sync_count == count && !patched.contains(record.key)) records.push_back(record);
  }
  return records;
}

}  // namespace tidemark::dataset
