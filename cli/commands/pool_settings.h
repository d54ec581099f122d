#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tidemark/stream_config/v1/stream_config_service.pb.h"

namespace tidemark::cli {

// A pool's settings as the command line gives them; what it does not give is left as it is. Their
// rules are the service's.
struct PoolSettings {
  std::optional<std::string> display_name;
  std::optional<std::string> stream_name;
  std::optional<std::string> stream_role_arn;
  std::optional<std::string> stream_status;  // "enabled" or "disabled"
  std::vector<std::string> push_application_arns;
  std::optional<std::string> push_role_arn;
  std::optional<std::string> sync_trigger;  // "" for none
  std::optional<std::int32_t> datasets_per_identity;
  std::optional<std::int32_t> records_per_dataset;
  std::optional<std::int64_t> bytes_per_dataset;
  std::optional<std::int32_t> keys_per_dataset;
  std::optional<std::int32_t> dataset_names_per_identity;
  bool no_stream = false;
  bool no_push = false;

  bool HasStream() const { return stream_name || stream_role_arn || stream_status; }
  bool HasPush() const { return !push_application_arns.empty() || push_role_arn; }
  bool HasLimits() const;
};

void AddSettings(CLI::App& verb, PoolSettings& settings);
// --no-stream and --no-push, which make sense for a pool that exists.
void AddClearing(CLI::App& verb, PoolSettings& settings);

// Writes the given settings of each kind over what stands there.
void Apply(const PoolSettings& settings, stream_config::v1::StreamSettings& stream);
void Apply(const PoolSettings& settings, stream_config::v1::PushSettings& push);
void Apply(const PoolSettings& settings, stream_config::v1::EventSettings& events);
void Apply(const PoolSettings& settings, stream_config::v1::Limits& limits);

}  // namespace tidemark::cli
