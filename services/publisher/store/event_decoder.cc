#include "services/publisher/store/event_decoder.h"

#include <google/protobuf/timestamp.pb.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace tidemark::publisher {
namespace {

// What an event and a record take besides their texts, if nothing must be escaped.
constexpr std::size_t kEnvelopeBytes = 240;
constexpr std::size_t kRecordBytes = 140;

std::int64_t ToMillis(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1000 + time.nanos() / 1'000'000;
}

EventRecord ToRecord(const change::v1::RecordChange& record, std::int64_t sync_count,
                     std::int64_t commit_ms) {
  EventRecord out{.key = record.key(), .sync_count = sync_count, .last_modified_ms = commit_ms};
  if (record.has_value()) out.value = record.value();
  // Copies of records have counts and times of their own (see the proto).
  if (record.sync_count() != 0) out.sync_count = record.sync_count();
  if (record.has_last_modified_time()) out.last_modified_ms = ToMillis(record.last_modified_time());
  out.device_last_modified_ms = record.has_device_last_modified_time()
                                    ? ToMillis(record.device_last_modified_time())
                                    : out.last_modified_ms;
  return out;
}

}  // namespace

absl::StatusOr<Event> EventDecoder::Decode(const LogRow& row, absl::Time now) {
  if (!change_.ParseFromArray(row.body.data(), static_cast<int>(row.body.size()))) {
    return absl::InvalidArgumentError(
        absl::StrCat("the body of position ", row.position, " is not a change"));
  }
  Event event{.position = row.position,
              .log_shard = row.log_shard,
              .change = {change_.dataset_name(), row.kind, row.sync_count, row.generation},
              .commit_time = row.commit_time,
              .read_time = now,
              .traceparent = std::string(row.traceparent)};
  Encode(change_, event);
  return event;
}

Event EventDecoder::EncodeCopy(const change::v1::Change& change, LogShard log_shard,
                               absl::Time now) {
  const bool deletion = change.kind() == change::v1::CHANGE_KIND_DELETE;
  const google::protobuf::Timestamp& time = change.commit_time();
  Event event{
      .log_shard = log_shard,
      .change = {change.dataset_name(), deletion ? ChangeKind::kDelete : ChangeKind::kSnapshot,
                 change.sync_count(), change.generation()},
      .commit_time = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()),
      .read_time = now};
  Encode(change, event);
  return event;
}

void EventDecoder::Encode(const change::v1::Change& change, Event& event) {
  const std::int64_t commit_ms = absl::ToUnixMillis(event.commit_time);
  std::size_t size = kEnvelopeBytes + change.identity_pool_id().size() +
                     change.identity_id().size() + 2 * change.dataset_name().size();
  records_.clear();
  for (const change::v1::RecordChange& record : change.records()) {
    records_.push_back(ToRecord(record, event.change.sync_count, commit_ms));
    size += kRecordBytes + record.key().size() + record.value().size();
  }
  event.key = change.identity_id();
  event.data.reserve(size);
  event.records = AppendEvent({.pool_id = change.identity_pool_id(),
                               .identity_id = change.identity_id(),
                               .dataset_name = change.dataset_name(),
                               .deletion = event.change.kind == ChangeKind::kDelete,
                               .sync_count = event.change.sync_count,
                               .last_modified_ms = commit_ms,
                               .records = records_},
                              event.data);
}

}  // namespace tidemark::publisher
