#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidemark::publisher {

// A record of an event. Text is UTF-8. Times are milliseconds since the epoch.
struct EventRecord {
  std::string_view key;
  std::optional<std::string_view> value;  // nullopt: removed
  std::int64_t sync_count = 0;
  std::int64_t last_modified_ms = 0;
  std::int64_t device_last_modified_ms = 0;
};

// What an event says (contract section 5). Views of somebody else's bytes.
struct EventView {
  std::string_view pool_id;
  std::string_view identity_id;
  std::string_view dataset_name;
  bool deletion = false;  // of the dataset: no records then
  std::int64_t sync_count = 0;
  std::int64_t last_modified_ms = 0;
  std::span<const EventRecord> records;
};

// Appends the event in the form that Cognito Streams publishes, one JSON object: records inline,
// the dataset's name under both spellings (choice 12), `value` null where a record was removed.
void AppendEvent(const EventView& event, std::string& out);

}  // namespace tidemark::publisher
