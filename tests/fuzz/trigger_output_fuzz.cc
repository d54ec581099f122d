// What a sync trigger's function may return: its output is valid, or every fault has a name.
#include <nlohmann/json.hpp>

#include "services/dataset/domain/checks.h"
#include "services/dataset/trigger/event.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tidemark::fuzz::Require;
  namespace dataset = tidemark::dataset;
  const std::string_view text = tidemark::fuzz::AsText(data, size);
  dataset::UpdateRequest request;
  request.dataset = {dataset::IdentityKey::Of("p:1", "p:2"), "prefs"};
  const auto output = dataset::ReadEvent("us-east-1", request, text);
  if (!output.ok()) {
    Require(!output.status().message().empty(), "a fault has a name");
    return 0;
  }
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  Require(json.is_object() && json.contains("datasetRecords"), "valid output is an event");
  Require(json["datasetRecords"].size() == output->size(), "no record is lost");
  for (const auto& [key, value] : *output) {
    Require(!key.empty() && key.size() <= dataset::kMaxKeyBytes, "keys keep their bounds");
    Require(!value || value->size() <= dataset::kMaxValueBytes, "values keep theirs");
    Require(json["datasetRecords"].contains(key), "a record is the event's");
  }
  return 0;
}
