#include "services/publisher/engine/testing/fake_snapshots.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tidemark::publisher {

SnapshotPlace FakeSnapshots::PlaceOf(const std::string& pool_id, const std::string& identity_id,
                                     const std::string& dataset) {
  return {OwnerOf(pool_id, identity_id).value(), identity_id, dataset};
}

Event FakeSnapshots::EventOf(const SnapshotPlace& place, const Dataset& dataset) {
  Event event;
  event.log_shard = place.log_shard();
  event.key = place.identity_id;
  event.data = absl::StrCat("copy ", place.dataset_name, " ", dataset.sync_count);
  event.change = {place.dataset_name, dataset.live ? ChangeKind::kSnapshot : ChangeKind::kDelete,
                  dataset.sync_count, 1};
  return event;
}

void FakeSnapshots::Read(const std::string& pool_id, const std::vector<LogShard>& shards,
                         const SnapshotPlace& after, std::int64_t max_bytes,
                         std::function<void(absl::StatusOr<Page>)> done) {
  Page page;
  std::function<void()> hook;
  std::vector<Event> events;
  {
    const std::lock_guard lock(mutex_);
    ++pages_;
    if (!failure_.ok()) return done(Failure());
    for (const auto& [place, dataset] : pools_[pool_id]) {
      if (place <= after || !dataset.live || std::ranges::count(shards, place.log_shard()) == 0) {
        continue;
      }
      if (page.places.size() == page_size_) {
        page.next = page.places.back();
        break;
      }
      page.places.push_back(place);
      events.push_back(EventOf(place, dataset));
    }
    if (std::ranges::count(page.places, hooked_, &SnapshotPlace::identity_id) > 0) {
      hook = std::exchange(hook_, nullptr);
    }
  }
  page.encode = [events = std::move(events)] { return events; };
  if (hook) hook();
  {
    const std::lock_guard lock(mutex_);
    if (holds_) {
      answers_.emplace_back([done = std::move(done), page = std::move(page)] { done(page); });
      most_held_ = std::max(most_held_, answers_.size());
      return;
    }
  }
  done(std::move(page));
}

void FakeSnapshots::Get(const std::string& pool_id, const std::vector<DatasetName>& datasets,
                        std::function<void(absl::StatusOr<Found>)> done) {
  Found found;
  {
    const std::lock_guard lock(mutex_);
    ++gets_;
    if (!failure_.ok()) return done(Failure());
    found.examined = std::min<std::size_t>(datasets.size(), 3);
    for (std::size_t i = 0; i < found.examined; ++i) {
      const Datasets& pool = pools_[pool_id];
      const auto it =
          pool.find(PlaceOf(pool_id, datasets[i].identity_id, datasets[i].dataset_name));
      if (it != pool.end()) found.events.push_back(EventOf(it->first, it->second));
    }
  }
  done(std::move(found));
}

void FakeSnapshots::Count(const std::string& pool_id,
                          std::function<void(absl::StatusOr<std::int64_t>)> done) {
  std::int64_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return done(Failure());
    for (const auto& [place, dataset] : pools_[pool_id]) count += dataset.live ? 1 : 0;
  }
  done(count);
}

void FakeSnapshots::Set(const std::string& pool_id, const std::string& identity_id,
                        const std::string& dataset, std::int64_t sync_count) {
  const std::lock_guard lock(mutex_);
  pools_[pool_id][PlaceOf(pool_id, identity_id, dataset)] = {sync_count, true};
}

void FakeSnapshots::Delete(const std::string& pool_id, const std::string& identity_id,
                           const std::string& dataset) {
  const std::lock_guard lock(mutex_);
  Dataset& deleted = pools_[pool_id][PlaceOf(pool_id, identity_id, dataset)];
  deleted = {deleted.sync_count + 1, false};
}

void FakeSnapshots::SetPageSize(std::size_t datasets) {
  const std::lock_guard lock(mutex_);
  page_size_ = datasets;
}

// A status of its own: Abseil's copies share what they hold, which ThreadSanitizer can't follow
// into a library that is not built for it.
absl::Status FakeSnapshots::Failure() const {
  return absl::Status(failure_.code(), failure_.message());
}

void FakeSnapshots::SetFailure(absl::Status status) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(status);
}

void FakeSnapshots::SetHook(std::string identity_id, std::function<void()> hook) {
  const std::lock_guard lock(mutex_);
  hooked_ = std::move(identity_id);
  hook_ = std::move(hook);
}

void FakeSnapshots::HoldPages() {
  const std::lock_guard lock(mutex_);
  holds_ = true;
}

void FakeSnapshots::Release() {
  std::vector<std::function<void()>> answers;
  {
    const std::lock_guard lock(mutex_);
    answers.swap(answers_);
  }
  for (const auto& answer : answers) answer();
}

std::size_t FakeSnapshots::held() const {
  const std::lock_guard lock(mutex_);
  return answers_.size();
}

std::size_t FakeSnapshots::most_held() const {
  const std::lock_guard lock(mutex_);
  return most_held_;
}

}  // namespace tidemark::publisher
