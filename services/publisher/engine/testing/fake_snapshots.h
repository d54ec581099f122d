#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "services/publisher/engine/snapshots.h"

namespace tidemark::publisher {

// Datasets in memory, read in pages. Answers at once unless told to hold pages back. Safe for
// concurrent use.
class FakeSnapshots final : public Snapshots {
 public:
  void Read(const std::string& pool_id, const std::vector<LogShard>& shards,
            const SnapshotPlace& after, std::int64_t max_bytes,
            std::function<void(absl::StatusOr<Page>)> done) override;
  void Get(const std::string& pool_id, const std::vector<DatasetName>& datasets,
           std::function<void(absl::StatusOr<Found>)> done) override;
  void Count(const std::string& pool_id,
             std::function<void(absl::StatusOr<std::int64_t>)> done) override;

  // The dataset has this count from now on.
  void Set(const std::string& pool_id, const std::string& identity_id, const std::string& dataset,
           std::int64_t sync_count);
  void Delete(const std::string& pool_id, const std::string& identity_id,
              const std::string& dataset);
  void SetPageSize(std::size_t datasets);
  // Every call fails until OK is set.
  void SetFailure(absl::Status status);
  // Called after a page with the identity was read the first time, and before it is answered.
  void SetHook(std::string identity_id, std::function<void()> hook);

  // Pages are read but not answered until Release(), which answers those that wait.
  void HoldPages();
  void Release();
  std::size_t held() const;
  std::size_t most_held() const;  // at a time, so far

  std::int64_t pages() const { return pages_; }
  std::int64_t gets() const { return gets_; }

 private:
  absl::Status Failure() const;
  struct Dataset {
    std::int64_t sync_count = 0;
    bool live = true;
  };
  using Datasets = std::map<SnapshotPlace, Dataset>;

  static SnapshotPlace PlaceOf(const std::string& pool_id, const std::string& identity_id,
                               const std::string& dataset);
  static Event EventOf(const SnapshotPlace& place, const Dataset& dataset);

  mutable std::mutex mutex_;
  std::map<std::string, Datasets> pools_;
  std::size_t page_size_ = 10;
  absl::Status failure_;
  std::string hooked_;
  std::function<void()> hook_;
  bool holds_ = false;
  std::vector<std::function<void()>> answers_;  // held back
  std::size_t most_held_ = 0;
  std::atomic<std::int64_t> pages_ = 0;
  std::atomic<std::int64_t> gets_ = 0;
};

}  // namespace tidemark::publisher
