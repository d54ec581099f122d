// Bodies of the change log, made into events: whatever a change holds, its event is JSON that says
// the same.
#include <nlohmann/json.hpp>

#include "services/publisher/store/event_decoder.h"
#include "tests/fuzz/fuzz.h"
#include "tidemark/change/v1/change.pb.h"

namespace tidemark::fuzz {
namespace {

using nlohmann::json;

void Check(std::string_view body) {
  publisher::LogRow row;
  row.position = 1;
  row.kind = publisher::ChangeKind::kUpdate;
  row.sync_count = 2;
  row.commit_time = absl::FromUnixMillis(1'700'000'000'123);
  row.body = body;
  const auto event = publisher::EventDecoder().Decode(row, row.commit_time);
  change::v1::Change change;
  const bool parses = change.ParseFromArray(body.data(), static_cast<int>(body.size()));
  Require(event.ok() == parses, "what is a change becomes an event");
  if (!parses) return;
  const json parsed = json::parse(event->data, nullptr, /*allow_exceptions=*/false);
  Require(parsed.is_object(), "an event is a JSON object");
  Require(parsed.at("datasetName") == change.dataset_name(), "datasetName");
  Require(parsed.at("dataSetName") == change.dataset_name(), "dataSetName");
  Require(parsed.at("identityId") == change.identity_id(), "identityId");
  const json& records = parsed.at("kinesisSyncRecords");
  Require(records.size() == static_cast<std::size_t>(change.records_size()), "all records");
  for (int i = 0; i < change.records_size(); ++i) {
    const auto& record = change.records(i);
    Require(records[static_cast<std::size_t>(i)].at("key") == record.key(), "key");
    const json& value = records[static_cast<std::size_t>(i)].at("value");
    Require(record.has_value() ? value == record.value() : value.is_null(), "value");
  }
}

}  // namespace
}  // namespace tidemark::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidemark::fuzz::Check(tidemark::fuzz::AsText(data, size));
  return 0;
}
