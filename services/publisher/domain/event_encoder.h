#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "services/publisher/domain/types.h"

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
  // Where the records are to be had instead, for an event too large for its stream.
  std::optional<std::string_view> records_url;
};

// Appends the event in the form that Cognito Streams publishes, one JSON object: the records inline
// or their URL, the dataset's name under both spellings (choice 12), `value` null where a record
// was removed. Returns where in `out` the array of the records stands, if they are inline.
RecordsPart AppendEvent(const EventView& event, std::string& out);

// The data of `event`, of the pool `pool_id`, once its records are to be had at `url`.
std::string DataWithUrl(std::string_view pool_id, const Event& event, std::string_view url);

}  // namespace tidemark::publisher
