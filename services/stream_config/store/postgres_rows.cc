#include "services/stream_config/store/postgres_rows.h"

#include <cstdint>
#include <optional>
#include <string>

#include "services/stream_config/domain/checks.h"

namespace tidemark::stream_config {
namespace {

// Reads columns one after another; after the first that does not fit, nothing more.
class ColumnReader {
 public:
  ColumnReader(const pg::Row& row, int first) : row_(row), next_(first) {}

  template <typename T>
  ColumnReader& operator>>(T& target) {
    if (!status_.ok()) return *this;
    absl::StatusOr<T> value = row_.Get<T>(next_++);
    if (value.ok()) {
      target = *std::move(value);
    } else {
      status_ = std::move(value).status();
    }
    return *this;
  }

  const absl::Status& status() const { return status_; }

 private:
  const pg::Row& row_;
  int next_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<Pool> ReadPool(const pg::Row& row, int first) {
  Pool pool;
  StreamSettings stream;
  std::optional<bool> stream_enabled;
  std::string sync_trigger_arn;
  Settings& settings = pool.settings;
  ColumnReader reader(row, first);
  reader >> pool.id >> pool.number >> pool.version >> pool.create_time >> pool.update_time;
  reader >> settings.display_name >> stream_enabled >> stream.stream_name >> stream.role_arn;
  StreamState& state = pool.stream_state;
  reader >> state.disabled_reason >> state.enabled_time >> state.start_position >> state.epoch;
  reader >> settings.push.application_arns >> settings.push.role_arn >> sync_trigger_arn;
  Limits& limits = settings.limits;
  reader >> limits.datasets_per_identity >> limits.records_per_dataset;
  reader >> limits.bytes_per_dataset >> limits.keys_per_dataset;
  reader >> limits.dataset_names_per_identity >> state.epoch_stream_name;
  BulkPublish bulk;
  std::optional<absl::Time> bulk_start_time;
  reader >> bulk.job >> bulk.epoch >> bulk_start_time >> bulk.complete_time;
  reader >> bulk.failure_message >> state.epoch_account >> pool.role_external_id;
  if (!reader.status().ok()) return reader.status();

  if (stream_enabled) {
    stream.enabled = *stream_enabled;
    settings.stream = std::move(stream);
  }
  if (bulk_start_time) {
    bulk.start_time = *bulk_start_time;
    pool.bulk_publish = std::move(bulk);
  }
  if (!sync_trigger_arn.empty()) {
    settings.events.emplace(kSyncTrigger, std::move(sync_trigger_arn));
  }
  return pool;
}

absl::StatusOr<BulkProgress> ReadProgress(const pg::Row& row) {
  std::optional<std::int64_t> done, total, failed, bytes;
  BulkProgress progress;
  ColumnReader reader(row, 0);
  reader >> done >> total >> failed >> bytes >> progress.update_time;
  if (!reader.status().ok()) return reader.status();
  progress.datasets_done = done.value_or(0);
  progress.datasets_total = total.value_or(0);
  progress.datasets_failed = failed.value_or(0);
  progress.bytes_sent = bytes.value_or(0);
  return progress;
}

pg::Params PoolParams(const Pool& pool) {
  const Settings& settings = pool.settings;
  const StreamSettings stream = settings.stream.value_or(StreamSettings{});
  const std::optional<bool> stream_enabled =
      settings.stream ? std::optional(stream.enabled) : std::nullopt;
  const auto trigger = settings.events.find(std::string(kSyncTrigger));
  const StreamState& state = pool.stream_state;
  const Limits& limits = settings.limits;
  const BulkPublish bulk = pool.bulk_publish.value_or(BulkPublish{});
  const std::optional<absl::Time> bulk_start_time =
      pool.bulk_publish ? std::optional(bulk.start_time) : std::nullopt;
  return pg::Params(
      pool.id, pool.create_time, pool.update_time, settings.display_name, stream_enabled,
      stream.stream_name, stream.role_arn, state.disabled_reason, state.enabled_time,
      state.start_position, state.epoch, settings.push.application_arns, settings.push.role_arn,
      trigger == settings.events.end() ? std::string() : trigger->second,
      limits.datasets_per_identity, limits.records_per_dataset, limits.bytes_per_dataset,
      limits.keys_per_dataset, limits.dataset_names_per_identity, state.epoch_stream_name, bulk.job,
      bulk.epoch, bulk_start_time, bulk.complete_time, bulk.failure_message, state.epoch_account);
}

}  // namespace tidemark::stream_config
