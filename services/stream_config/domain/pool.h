#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/ids.h"

// Identity pools and their settings, as rules and stores see them. What each field means to users
// stands in tidemark/stream_config/v1/pool.proto.
namespace tidemark::stream_config {

// Stands for the pool inside one installation; from 1, never reused.
using PoolNumber = Strong<std::int32_t, struct PoolNumberTag>;
// Rises by 1 with each change of a pool's settings; 1 when created.
using Version = Strong<std::int64_t, struct VersionTag>;
// Rises with each change of any pool: the order in which watchers see changes.
using Revision = Strong<std::int64_t, struct RevisionTag>;
// A position of the change log.
using Position = Strong<std::int64_t, struct PositionTag>;
// Numbers the destinations of a pool's stream; 0 before the first.
using Epoch = Strong<std::int64_t, struct EpochTag>;
// Numbers a pool's bulk publishes; from 1.
using BulkJob = Strong<std::int64_t, struct BulkJobTag>;

// What users choose for the stream.
struct StreamSettings {
  std::string stream_name;
  std::string role_arn;
  bool enabled = false;

  friend bool operator==(const StreamSettings&, const StreamSettings&) = default;
};

// Push sync. Both fields empty: not configured.
struct PushSettings {
  std::vector<std::string> application_arns;
  std::string role_arn;

  friend bool operator==(const PushSettings&, const PushSettings&) = default;
};

// Published limits; 0 in any field: the default.
struct Limits {
  std::int32_t datasets_per_identity = 0;
  std::int32_t records_per_dataset = 0;
  std::int64_t bytes_per_dataset = 0;
  std::int32_t keys_per_dataset = 0;
  std::int32_t dataset_names_per_identity = 0;

  friend bool operator==(const Limits&, const Limits&) = default;
};

// All that users choose. Settings that were given once are equal to the same given again, which is
// how a repeated creation is recognized.
struct Settings {
  std::string display_name;
  std::optional<StreamSettings> stream;
  PushSettings push;
  // Event type to ARN of a Lambda function; empty: no sync trigger.
  std::map<std::string, std::string> events;
  Limits limits;

  friend bool operator==(const Settings&, const Settings&) = default;
};

// What the server notes about the stream. It outlives the settings: an epoch is never used twice.
struct StreamState {
  std::string disabled_reason;
  std::optional<absl::Time> enabled_time;
  Position start_position;
  Epoch epoch;
  // With which the epoch began: only that stream can be resumed. A stream is known by its name and
  // the account of its role.
  std::string epoch_stream_name;
  std::string epoch_account;

  friend bool operator==(const StreamState&, const StreamState&) = default;
};

// A pool's last bulk publish, without its progress. It runs until it has a complete time.
struct BulkPublish {
  BulkJob job;
  Epoch epoch;
  absl::Time start_time;
  std::optional<absl::Time> complete_time;
  std::string failure_message;  // not empty: it failed

  bool Running() const { return !complete_time; }
  bool Failed() const { return !failure_message.empty(); }

  friend bool operator==(const BulkPublish&, const BulkPublish&) = default;
};

struct Pool {
  std::string id;
  PoolNumber number;
  Version version;
  absl::Time create_time;
  absl::Time update_time;
  std::string role_external_id;  // never changes
  Settings settings;
  StreamState stream_state;
  std::optional<BulkPublish> bulk_publish;

  friend bool operator==(const Pool&, const Pool&) = default;
};

}  // namespace tidemark::stream_config
