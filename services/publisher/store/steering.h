#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// Why and since when a pool's stream gets nothing.
struct Pause {
  std::string reason;
  absl::Time pause_time;
};
// By pool number.
using Pauses = std::map<std::int32_t, Pause>;

// How a destination does in the log shards of one member, as it told last.
struct DestinationReport {
  DestinationId destination;
  std::int64_t waiting = 0;                           // changes committed and not settled
  absl::Time oldest_commit = absl::InfiniteFuture();  // of these; infinite: none waits
  bool split_off = false;                             // catches up by itself
  std::string last_error;                             // without secrets; empty after a success

  friend bool operator==(const DestinationReport&, const DestinationReport&) = default;
};

// A publisher that is alive.
struct MemberRow {
  std::string id;
  int log_shards = 0;  // that it holds
  absl::Time start_time;
  absl::Time expire_time;  // unless it renews
};

// What the database knows of publishers and destinations.
struct Overview {
  std::vector<MemberRow> members;  // in order of ids
  int free_log_shards = 0;         // that nobody holds
  Pauses pauses;
  struct Told {
    std::string member;
    DestinationReport report;
  };
  std::vector<Told> reports;                         // in order of destinations
  std::map<DestinationId, std::int64_t> parked;      // changes; those without any are left out
  std::map<DestinationId, Position> gapped_through;  // those that lost changes
};

// The operators' side: looks at all publishers, and pauses and resumes. Blocks; one thread at a
// time. Failures: UNAVAILABLE DATABASE_UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL.
class Steering {
 public:
  virtual ~Steering() = default;

  // Of one pool's destinations, or of all. Members, free shards are always there.
  virtual absl::StatusOr<Overview> Look(std::optional<std::int32_t> pool_number,
                                        absl::Time deadline) = 0;

  // Pausing again replaces the reason, not the time; resuming what is not paused is a no-op.
  virtual absl::Status Pause(std::int32_t pool_number, const std::string& reason,
                             absl::Time deadline) = 0;
  virtual absl::Status Resume(std::int32_t pool_number, absl::Time deadline) = 0;
};

}  // namespace tidemark::publisher
