#include "services/dataset/store/memory_store.h"

#include <algorithm>

namespace tidemark::dataset {
namespace {

// Whether a page that holds `records` and `bytes` may take `record` too.
bool Fits(const RecordQuery& query, std::size_t records, std::int64_t bytes, const Record& record) {
  if (records == 0) return true;
  return records < static_cast<std::size_t>(query.max_records) &&
         bytes + BytesInPage(record) <= query.max_bytes;
}

}  // namespace

std::vector<UpdateOutcome> MemoryStore::Update(std::span<const UpdateRequest* const> requests,
                                               absl::Time deadline) {
  const std::lock_guard lock(mutex_);
  std::vector<UpdateOutcome> outcomes;
  outcomes.reserve(requests.size());
  const absl::Time now = TruncateToMillis(clock_.Now());
  for (const UpdateRequest* request : requests) outcomes.push_back(UpdateOne(*request, now));
  return outcomes;
}

UpdateOutcome MemoryStore::UpdateOne(const UpdateRequest& request, absl::Time now) {
  DatasetState created;
  IdentityCounts& counts = identities_[request.dataset.identity];
  DatasetState* state = Find(request.dataset);
  UpdateOutcome outcome = ApplyUpdate(request, now, state, counts, created);
  if (counts.dataset_names == 0) identities_.erase(request.dataset.identity);
  const Applied* applied = std::get_if<Applied>(&outcome);
  if (applied == nullptr || applied->replayed) return outcome;
  if (state == nullptr) {
    state = &datasets_.emplace(request.dataset, std::move(created)).first->second;
  }
  Append(LoggedChange::Kind::kUpdate, state->info, request.pool_number, request.origin,
         AnswerOf(request, *applied));
  return outcome;
}

void MemoryStore::ListDatasets(const IdentityKey& identity, const std::string& after_name,
                               std::int32_t limit, absl::Time deadline,
                               Callback<DatasetPage> done) {
  DatasetPage page;
  {
    const std::lock_guard lock(mutex_);
    for (const DatasetKey& key : LiveDatasets(identity)) {
      if (key.name <= after_name) continue;
      page.more = page.datasets.size() == static_cast<std::size_t>(limit);
      if (page.more) break;
      page.datasets.push_back(Find(key)->info);
    }
  }
  done(std::move(page));
}

void MemoryStore::DescribeDataset(const DatasetKey& dataset, absl::Time deadline,
                                  Callback<std::optional<DatasetInfo>> done) {
  std::optional<DatasetInfo> info;
  {
    const std::lock_guard lock(mutex_);
    if (const DatasetState* state = Find(dataset)) info = state->info;
  }
  done(std::move(info));
}

void MemoryStore::ListRecords(const RecordQuery& query, absl::Time deadline,
                              Callback<RecordPage> done) {
  RecordPage page;
  {
    const std::lock_guard lock(mutex_);
    const DatasetState* state = Find(query.dataset);
    if (state != nullptr) page.dataset = state->info;
    for (const DatasetKey& key : LiveDatasets(query.dataset.identity)) {
      if (Find(key)->merged_into == query.dataset.name) {
        page.merged_dataset_names.push_back(key.name);
      }
    }
    const bool pinned_is_gone =
        state != nullptr && query.after && query.after->generation != state->info.generation;
    if (state != nullptr && !pinned_is_gone) {
      const auto begin =
          query.after ? state->records.upper_bound(query.after->key) : state->records.begin();
      std::int64_t bytes = 0;
      for (auto it = begin; it != state->records.end(); ++it) {
        const Record& record = it->second;
        if (record.sync_count <= query.since) continue;
        if (query.after && record.sync_count > query.after->pinned) continue;
        page.more = !Fits(query, page.records.size(), bytes, record);
        if (page.more) break;
        bytes += BytesInPage(record);
        page.records.push_back(record);
      }
    }
  }
  done(std::move(page));
}

void MemoryStore::View(const ViewQuery& query, absl::Time deadline, Callback<DatasetView> done) {
  DatasetView view;
  {
    const std::lock_guard lock(mutex_);
    if (const DatasetState* state = Find(query.dataset)) {
      const DatasetInfo& info = state->info;
      const absl::Time now = std::max(TruncateToMillis(clock_.Now()), info.modified_time);
      view.repeat = FindRepeat(*state, query.request, now);
      if (info.live) {
        view.generation = info.generation;
        view.bytes = info.bytes;
        for (const auto& [key, record] : state->records) {
          if (!record.value) view.bytes += static_cast<std::int64_t>(key.size());
          view.records.push_back(record);
        }
      }
    }
  }
  view.complete = view.bytes <= query.max_bytes;
  if (!view.complete) view.records.clear();
  done(std::move(view));
}

void MemoryStore::DescribeIdentity(const IdentityKey& identity, absl::Time deadline,
                                   Callback<IdentityUsage> done) {
  IdentityUsage usage{.identity = identity};
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, state] : datasets_) {
      if (key.identity != identity) continue;
      usage.modified_time =
          std::max(usage.modified_time.value_or(absl::InfinitePast()), state.info.modified_time);
      if (!state.info.live) continue;
      usage.datasets += 1;
      usage.bytes += state.info.bytes;
    }
  }
  done(std::move(usage));
}

void MemoryStore::DescribePool(const std::string& pool_id, absl::Time deadline,
                               Callback<PoolUsage> done) {
  PoolUsage usage;
  {
    const std::lock_guard lock(mutex_);
    usage = UsageOf(pool_id);
  }
  done(std::move(usage));
}

void MemoryStore::ListIdentities(const std::string& pool_id, const std::string& prefix,
                                 const std::string& after_id, std::int32_t limit,
                                 absl::Time deadline, Callback<IdentityPage> done) {
  std::vector<IdentityKey> found;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, counts] : identities_) {
      if (key.pool_id == pool_id && key.identity_id > after_id &&
          key.identity_id.starts_with(prefix)) {
        found.push_back(key);
      }
    }
  }
  std::ranges::sort(found, {}, &IdentityKey::identity_id);
  IdentityPage page;
  page.more = found.size() > static_cast<std::size_t>(limit);
  if (page.more) found.resize(limit);
  for (const IdentityKey& identity : found) {
    DescribeIdentity(identity, deadline, [&page](absl::StatusOr<IdentityUsage> usage) {
      page.identities.push_back(*std::move(usage));
    });
  }
  done(std::move(page));
}

void MemoryStore::LogEndPosition(absl::Time deadline, Callback<std::int64_t> done) {
  std::int64_t end = 0;
  {
    const std::lock_guard lock(mutex_);
    end = static_cast<std::int64_t>(log_.size());
  }
  done(end);
}

std::vector<LoggedChange> MemoryStore::Log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

DatasetState* MemoryStore::Find(const DatasetKey& key) {
  const auto found = datasets_.find(key);
  return found == datasets_.end() ? nullptr : &found->second;
}

std::vector<DatasetKey> MemoryStore::LiveDatasets(const IdentityKey& identity) const {
  std::vector<DatasetKey> keys;
  for (auto it = datasets_.lower_bound(DatasetKey{identity, ""});
       it != datasets_.end() && it->first.identity == identity; ++it) {
    if (it->second.info.live) keys.push_back(it->first);
  }
  return keys;
}

void MemoryStore::Append(LoggedChange::Kind kind, const DatasetInfo& info, PoolNumber pool_number,
                         const ChangeOrigin& origin, std::vector<Record> records) {
  absl::Time& modified =
      modified_times_.try_emplace(info.key.identity.pool_id, absl::InfinitePast()).first->second;
  modified = std::max(modified, info.modified_time);
  log_.push_back({.position = static_cast<std::int64_t>(log_.size()) + 1,
                  .kind = kind,
                  .dataset = info.key,
                  .pool_number = pool_number,
                  .sync_count = info.sync_count,
                  .generation = info.generation,
                  .time = info.modified_time,
                  .origin = origin,
                  .records = std::move(records)});
}

}  // namespace tidemark::dataset
