#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/publisher/domain/bulk_walk.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

struct DatasetName {
  std::string identity_id;
  std::string dataset_name;

  friend auto operator<=>(const DatasetName&, const DatasetName&) = default;
};

// Reads datasets as they are now, from the dataset service. Calls return at once; callbacks come
// once, on any thread, with the result or why there is none. Safe for concurrent use.
class Snapshots {
 public:
  virtual ~Snapshots() = default;

  // Live datasets of some log shards, in order.
  struct Page {
    std::vector<SnapshotPlace> places;
    // Makes the copies, one for each place; costs time, and can be called once.
    std::function<std::vector<Event>()> encode;
    std::optional<SnapshotPlace> next;  // nothing: this was the end
  };
  // A page of about `max_bytes` after `after`.
  virtual void Read(const std::string& pool_id, const std::vector<LogShard>& shards,
                    const SnapshotPlace& after, std::int64_t max_bytes,
                    std::function<void(absl::StatusOr<Page>)> done) = 0;

  struct Found {
    // Copies, or deletions (ChangeKind::kDelete), without those that never existed.
    std::vector<Event> events;
    // How many of those asked for, from the first, were dealt with.
    std::size_t examined = 0;
  };
  // Datasets by name, 1 to 1,000.
  virtual void Get(const std::string& pool_id, const std::vector<DatasetName>& datasets,
                   std::function<void(absl::StatusOr<Found>)> done) = 0;

  // Live datasets of the pool.
  virtual void Count(const std::string& pool_id,
                     std::function<void(absl::StatusOr<std::int64_t>)> done) = 0;
};

}  // namespace tidemark::publisher
