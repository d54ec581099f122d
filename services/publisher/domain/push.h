#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "common/base/owner.h"
#include "services/publisher/domain/types.h"

// Push sync (contract section 6), as the publisher knows it.
namespace tidemark::publisher {

// A pool that has push settings.
struct PushPool {
  std::int32_t pool_number = 0;
  std::string pool_id;
  std::string role_arn;     // the role that may publish; empty: the base credentials do
  std::string external_id;  // what that role trusts us by

  friend bool operator==(const PushPool&, const PushPool&) = default;
};

// What devices are told of.
struct PushKey {
  std::int32_t pool_number = 0;
  std::string identity_id;
  std::string dataset_name;

  friend bool operator==(const PushKey&, const PushKey&) = default;
  template <typename H>
  friend H AbslHashValue(H hash, const PushKey& key) {
    return H::combine(std::move(hash), key.pool_number, key.identity_id, key.dataset_name);
  }
};

// A change, or a deletion, of a dataset whose pool has push settings.
struct PushChange {
  PushKey key;
  Position position = 0;
  LogShard log_shard;
  std::int64_t sync_count = 0;
  std::string device_id;   // that made it; empty: none was named
  absl::Time commit_time;  // by the database's clock
};

// Which service brings a push to a device.
enum class PushPlatform { kApns, kApnsSandbox, kGcm, kAdm };

// A device to tell.
struct PushTarget {
  std::string device_id;
  PushPlatform platform = PushPlatform::kApns;
  std::string endpoint_arn;
  std::int64_t registration = 0;  // rises each time the device registers

  friend bool operator==(const PushTarget&, const PushTarget&) = default;
};

// What has become of a push to one device.
enum class PushEnd {
  kSent,
  kDisabled,   // its endpoint is disabled: nothing more is sent there
  kGone,       // its endpoint was deleted: likewise
  kRefused,    // the message is not acceptable and never will be
  kThrottled,  // try again, later
  kTransient,  // try again
  kDenied,     // the pool's settings are wrong: an operator must act; try again much later
};

// Whether it is to be sent again.
constexpr bool IsRetried(PushEnd end) {
  return end == PushEnd::kThrottled || end == PushEnd::kTransient || end == PushEnd::kDenied;
}

}  // namespace tidemark::publisher
