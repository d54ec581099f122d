#include "services/stream_config/domain/change.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "common/errors/violations.h"
#include "services/stream_config/domain/bulk_publish.h"
#include "services/stream_config/domain/pool_errors.h"
#include "services/stream_config/domain/text.h"

namespace tidemark::stream_config {
namespace {

// The stream's part of `change`; a single field of a stream never configured starts from one that
// is off and empty.
std::optional<StreamSettings> MergeStream(const std::optional<StreamSettings>& current,
                                          const SettingsChange& change) {
  if (change.fields.contains(SettingsField::kStream)) return change.values.stream;
  const StreamSettings named = change.values.stream.value_or(StreamSettings{});
  std::optional<StreamSettings> merged = current;
  const auto target = [&merged]() -> StreamSettings& {
    if (!merged) merged.emplace();
    return *merged;
  };
  if (change.fields.contains(SettingsField::kStreamStatus)) target().enabled = named.enabled;
  if (change.fields.contains(SettingsField::kStreamName)) target().stream_name = named.stream_name;
  if (change.fields.contains(SettingsField::kStreamRoleArn)) target().role_arn = named.role_arn;
  return merged;
}

absl::Status CheckEnabledStream(const StreamSettings& stream, std::string_view parent) {
  errors::Violations violations;
  const std::string prefix = parent.empty() ? "stream." : absl::StrCat(ToAbsl(parent), ".stream.");
  if (stream.stream_name.empty()) {
    violations.Add(prefix + "stream_name", "empty: a stream that is ENABLED needs its name");
  }
  if (stream.role_arn.empty()) {
    violations.Add(prefix + "role_arn", "empty: a stream that is ENABLED needs a role");
  }
  return violations.ToStatus();
}

// A role writes the streams of its own account: one of that name in another is another stream.
bool IsSameStream(const StreamSettings& a, const StreamSettings& b) {
  return a.stream_name == b.stream_name && AccountOf(a.role_arn) == AccountOf(b.role_arn);
}

bool IsOn(const Settings& settings) { return settings.stream && settings.stream->enabled; }

// Why a stream can't go on from where it stopped; empty if it can.
std::string WhyNotResumed(const Pool& pool, const Settings& after) {
  if (!IsOn(after)) {
    return "the change does not enable the stream: set its status to ENABLED, or leave this unset";
  }
  if (IsOn(pool.settings)) return "the stream is ENABLED already: there is nothing to resume";
  const StreamState& state = pool.stream_state;
  if (state.epoch == Epoch(0)) {
    return "the stream was never on: there is nothing to resume; leave this unset to begin from "
           "now";
  }
  if (state.epoch_stream_name != after.stream->stream_name) {
    return absl::StrCat("the stream that was on last is '", state.epoch_stream_name, "', not '",
                        after.stream->stream_name, "'; leave this unset to begin from now");
  }
  const std::string_view account = AccountOf(after.stream->role_arn);
  if (state.epoch_account != account) {
    return absl::StrCat("the stream that was on last is in the account '", state.epoch_account,
                        "', the role in '", ToAbsl(account),
                        "': that is another stream; leave this unset to begin from now");
  }
  return "";
}

}  // namespace

Settings Merge(const Settings& current, const SettingsChange& change) {
  Settings merged = current;
  const auto named = [&change](SettingsField field) { return change.fields.contains(field); };
  if (named(SettingsField::kDisplayName)) merged.display_name = change.values.display_name;
  merged.stream = MergeStream(current.stream, change);
  if (named(SettingsField::kPush)) merged.push = change.values.push;
  if (named(SettingsField::kEvents)) merged.events = change.values.events;
  if (named(SettingsField::kLimits)) merged.limits = change.values.limits;
  return merged;
}

absl::StatusOr<PlannedChange> PlanChange(const Pool& pool, const SettingsChange& change,
                                         std::string_view parent) {
  PlannedChange plan;
  plan.settings = Merge(pool.settings, change);
  plan.checks_push =
      plan.settings.push != pool.settings.push && !plan.settings.push.application_arns.empty();
  if (plan.settings.stream && plan.settings.stream->enabled) {
    TM_RETURN_IF_ERROR(CheckEnabledStream(*plan.settings.stream, parent));
  }
  plan.settles_stream = change.fields.contains(SettingsField::kStream) ||
                        change.fields.contains(SettingsField::kStreamStatus);
  if (change.resume_stream) {
    errors::Violations violations;
    const std::string why = WhyNotResumed(pool, plan.settings);
    if (!why.empty()) violations.Add("resume_stream", why);
    TM_RETURN_IF_ERROR(violations.ToStatus());
  }
  if (!IsOn(plan.settings)) return plan;
  const bool enables = !IsOn(pool.settings);
  const bool replaces = !enables && !IsSameStream(*pool.settings.stream, *plan.settings.stream);
  plan.resumes_stream = change.resume_stream;
  plan.starts_stream = (enables || replaces) && !change.resume_stream;
  plan.checks_stream = enables || pool.settings.stream != plan.settings.stream;
  return plan;
}

bool IsNoChange(const Pool& pool, const PlannedChange& plan) {
  const bool clears_reason = plan.settles_stream && !pool.stream_state.disabled_reason.empty();
  return plan.settings == pool.settings && !clears_reason;
}

Pool Apply(const Pool& pool, const PlannedChange& plan, Position end_position, absl::Time now) {
  Pool changed = pool;
  changed.settings = plan.settings;
  changed.update_time = TruncateToMillis(now);
  if (plan.settles_stream) changed.stream_state.disabled_reason.clear();
  if (plan.starts_stream || plan.resumes_stream) {
    changed.stream_state.enabled_time = changed.update_time;
  }
  if (plan.starts_stream) {
    changed.stream_state.start_position = end_position;
    changed.stream_state.epoch = Epoch(pool.stream_state.epoch.value() + 1);
    changed.stream_state.epoch_stream_name = changed.settings.stream->stream_name;
    changed.stream_state.epoch_account = AccountOf(changed.settings.stream->role_arn);
  }
  EndStrandedBulkPublish(changed);
  return changed;
}

absl::StatusOr<std::optional<Pool>> DisableStream(const Pool& pool, const Unwritable& what,
                                                  std::string_view reason, absl::Time now) {
  if (!pool.settings.stream) return StreamNotConfigured(pool.id);
  if (!pool.settings.stream->enabled || pool.stream_state.epoch != what.epoch) return std::nullopt;
  // A new role, and resuming, keep the epoch.
  if (what.version && pool.version != *what.version) return std::nullopt;
  Pool changed = pool;
  changed.settings.stream->enabled = false;
  changed.stream_state.disabled_reason = std::string(reason);
  changed.update_time = TruncateToMillis(now);
  EndStrandedBulkPublish(changed);
  return changed;
}

}  // namespace tidemark::stream_config
