#pragma once

#include <optional>
#include <set>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/stream_config/domain/pool.h"

// What a change of settings does to a pool. Pure: what the database or other services know comes in
// as an argument.
namespace tidemark::stream_config {

// What an update can name.
enum class SettingsField {
  kDisplayName,
  kStream,  // the three below at once
  kStreamStatus,
  kStreamName,
  kStreamRoleArn,
  kPush,
  kEvents,
  kLimits,
};

// New values for the fields named; the rest of `values` means nothing.
struct SettingsChange {
  Settings values;
  std::set<SettingsField> fields;
  // The change enables a stream, and it is to go on from where it stopped.
  bool resume_stream = false;
};

// What a change comes to for one pool.
struct PlannedChange {
  Settings settings;
  // The user said how the stream is to be, so the reason for which Tidemark turned it off is stale.
  bool settles_stream = false;
  // A new destination begins: its start position is needed.
  bool starts_stream = false;
  // The last one goes on.
  bool resumes_stream = false;
  // It is to be seen first whether the stream can be written: it is enabled, or its name or role
  // changes while it is.
  bool checks_stream = false;
  // It is to be seen first whether pushes can be sent: there are applications, and they or the role
  // change.
  bool checks_push = false;
};

// The settings `current` with `change` applied.
Settings Merge(const Settings& current, const SettingsChange& change);

// Plans `change` for `pool`. INVALID_FIELD, under the path `stream` in `parent`, if the stream
// would be on without a name and a role; as `resume_stream`, if there is nothing to resume.
absl::StatusOr<PlannedChange> PlanChange(const Pool& pool, const SettingsChange& change,
                                         std::string_view parent);

// Whether `plan` would leave `pool` as it is.
bool IsNoChange(const Pool& pool, const PlannedChange& plan);

// `pool` after `plan`. `end_position` counts only if a stream starts: a position of the log above
// which every change lies that is committed after the settings are. A bulk publish that runs fails
// if its epoch ends or its stream is turned off. The store raises the version.
Pool Apply(const Pool& pool, const PlannedChange& plan, Position end_position, absl::Time now);

// What could not be written: an epoch of a stream, with the settings that `version` of its pool
// had.
struct Unwritable {
  Epoch epoch;
  std::optional<Version> version;  // none: of any version
};

// `pool` with its stream off for `reason`, and its bulk publish failed if one runs; nothing if it
// is off already, or is not what could not be written. STREAM_NOT_CONFIGURED without a stream.
absl::StatusOr<std::optional<Pool>> DisableStream(const Pool& pool, const Unwritable& what,
                                                  std::string_view reason, absl::Time now);

}  // namespace tidemark::stream_config
