// Bodies of UpdateRecords and SetIdentityPoolConfiguration, by the gateway's codecs, beside another
// JSON library: what they take is JSON, and holds as many patches as the request.
#include <nlohmann/json.hpp>

#include "services/gateway/wire/codecs.h"
#include "tests/fuzz/fuzz.h"

namespace tidemark::fuzz {
namespace {

using gateway::OperationInput;
using nlohmann::json;

OperationInput InputOf(std::string_view body) {
  OperationInput input;
  input.identity_pool_id = "us-east-1:0";
  input.identity_id = "us-east-1:1";
  input.dataset_name = "d";
  input.body = body;
  return input;
}

json Parsed(std::string_view body) {
  json parsed = json::parse(body, nullptr, /*allow_exceptions=*/false);
  Require(parsed.is_object() || parsed.is_null(), "a body that is taken is an object or null");
  return parsed;
}

void CheckUpdate(std::string_view body) {
  gateway::UpdateRecordsCodec::Request request;
  if (!gateway::UpdateRecordsCodec::Decode(InputOf(body), request).ok()) return;
  const json parsed = Parsed(body);
  const auto patches = parsed.find("RecordPatches");
  const std::size_t count = patches == parsed.end() || patches->is_null() ? 0 : patches->size();
  Require(count == static_cast<std::size_t>(request.record_patches_size()),
          "each patch of the body is one of the request");
  for (std::size_t i = 0; i < count; ++i) {
    const auto& patch = request.record_patches(static_cast<int>(i));
    Require((*patches)[i].at("Key") == patch.key(), "a key is what stands in the body");
    Require(!patch.has_value() || (*patches)[i].at("Value") == patch.value(),
            "a value is what stands in the body");
  }
}

void CheckConfiguration(std::string_view body) {
  gateway::SetIdentityPoolConfigurationCodec::Request request;
  const bool empty = body.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
  if (gateway::SetIdentityPoolConfigurationCodec::Decode(InputOf(body), request).ok() && !empty) {
    Parsed(body);
  }
}

}  // namespace
}  // namespace tidemark::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body = tidemark::fuzz::AsText(data, size);
  tidemark::fuzz::CheckUpdate(body);
  tidemark::fuzz::CheckConfiguration(body);
  return 0;
}
