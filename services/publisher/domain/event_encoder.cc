#include "services/publisher/domain/event_encoder.h"

#include <array>
#include <charconv>

#include "common/base/json_string.h"

namespace tidemark::publisher {
namespace {

void AppendInteger(std::int64_t number, std::string& out) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void AppendRecord(const EventRecord& record, std::string& out) {
  out += R"({"key":)";
  AppendJsonString(record.key, out);
  out += R"(,"value":)";
  if (record.value) {
    AppendJsonString(*record.value, out);
  } else {
    out += "null";
  }
  out += R"(,"syncCount":)";
  AppendInteger(record.sync_count, out);
  out += R"(,"lastModifiedDate":)";
  AppendInteger(record.last_modified_ms, out);
  out += R"(,"deviceLastModifiedDate":)";
  AppendInteger(record.device_last_modified_ms, out);
  out += record.value ? R"(,"op":"replace"})" : R"(,"op":"remove"})";
}

RecordsPart AppendRecords(const EventView& event, std::string& out) {
  if (event.deletion) return {};
  if (event.records_url) {
    out += R"(,"kinesisSyncRecordsURL":)";
    AppendJsonString(*event.records_url, out);
    return {};
  }
  out += R"(,"kinesisSyncRecords":)";
  const std::size_t at = out.size();
  out += '[';
  for (const EventRecord& record : event.records) {
    if (&record != event.records.data()) out += ',';
    AppendRecord(record, out);
  }
  out += ']';
  return {at, out.size() - at};
}

}  // namespace

RecordsPart AppendEvent(const EventView& event, std::string& out) {
  out += R"({"identityPoolId":)";
  AppendJsonString(event.pool_id, out);
  out += R"(,"identityId":)";
  AppendJsonString(event.identity_id, out);
  out += R"(,"dataSetName":)";
  AppendJsonString(event.dataset_name, out);
  out += R"(,"datasetName":)";
  AppendJsonString(event.dataset_name, out);
  out += event.deletion ? R"(,"operation":"remove")" : R"(,"operation":"replace")";
  const RecordsPart records = AppendRecords(event, out);
  out += R"(,"lastModifiedDate":)";
  AppendInteger(event.last_modified_ms, out);
  out += event.records_url ? R"(,"payloadType":"S3Url")" : R"(,"payloadType":"Inline")";
  out += R"(,"syncCount":)";
  AppendInteger(event.sync_count, out);
  out += '}';
  return records;
}

std::string DataWithUrl(std::string_view pool_id, const Event& event, std::string_view url) {
  std::string data;
  AppendEvent({.pool_id = pool_id,
               .identity_id = event.key,
               .dataset_name = event.change.dataset_name,
               .sync_count = event.change.sync_count,
               .last_modified_ms = absl::ToUnixMillis(event.commit_time),
               .records_url = url},
              data);
  return data;
}

}  // namespace tidemark::publisher
