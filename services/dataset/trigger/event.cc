#include "services/dataset/trigger/event.h"

#include <map>
#include <optional>
#include <utility>

#include "common/base/json_string.h"
#include "services/dataset/trigger/event_reader.h"

namespace tidemark::dataset {
namespace {

void AppendMember(std::string_view name, std::string_view value, std::string& out) {
  AppendJsonString(name, out);
  out.push_back(':');
  AppendJsonString(value, out);
  out.push_back(',');
}

void AppendValue(const std::optional<std::string>& value, std::string& out) {
  if (value) {
    AppendJsonString(*value, out);
  } else {
    out.append("null");
  }
}

void AppendRecord(std::string_view key, const std::optional<std::string>& old_value,
                  const std::optional<std::string>& new_value, std::string& out) {
  AppendJsonString(key, out);
  out.append(R"(:{"oldValue":)");
  AppendValue(old_value, out);
  out.append(R"(,"newValue":)");
  AppendValue(new_value, out);
  out.append(new_value ? R"(,"op":"replace"},)" : R"(,"op":"remove"},)");
}

}  // namespace

std::string WriteEvent(std::string_view region, const UpdateRequest& request,
                       const DatasetView& view) {
  std::string out = R"({"version":2,)";
  out.reserve(1024 + 3 * static_cast<std::size_t>(view.bytes));
  const IdentityKey& identity = request.dataset.identity;
  AppendMember("eventType", kSyncTrigger, out);
  AppendMember("region", region, out);
  AppendMember("identityPoolId", identity.pool_id, out);
  AppendMember("identityId", identity.identity_id, out);
  AppendMember("datasetName", request.dataset.name, out);
  out.append(R"("datasetRecords":{)");
  std::map<std::string_view, const RecordPatch*> patches;
  for (const RecordPatch& patch : request.patches) patches.emplace(patch.key, &patch);
  for (const Record& record : view.records) {
    const auto patch = patches.find(record.key);
    if (patch != patches.end()) {
      AppendRecord(record.key, record.value, patch->second->value, out);
      patches.erase(patch);
    } else if (record.value) {
      AppendRecord(record.key, record.value, record.value, out);
    }
  }
  for (const auto& [key, patch] : patches) AppendRecord(key, std::nullopt, patch->value, out);
  if (out.back() == ',') out.pop_back();
  out.append("}}");
  return out;
}

absl::StatusOr<TriggerOutput> ReadEvent(std::string_view region, const UpdateRequest& request,
                                        std::string_view json) {
  const IdentityKey& identity = request.dataset.identity;
  EventReader reader({{"eventType", kSyncTrigger},
                      {"region", region},
                      {"identityPoolId", identity.pool_id},
                      {"identityId", identity.identity_id},
                      {"datasetName", request.dataset.name}});
  return reader.Read(json);
}

}  // namespace tidemark::dataset
