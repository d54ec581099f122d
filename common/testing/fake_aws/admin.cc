#include "common/testing/fake_aws/admin.h"

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/aws/uri.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/fake_aws.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;
using Parameters = std::map<std::string, std::string>;

ServerResponse Answer(int status, const json& body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"};
}

ServerResponse Refuse(std::string_view message) { return Answer(400, {{"message", message}}); }

ServerResponse AddFaults(FakeAws& fake, const std::string& body) {
  auto faults = ParseFaults(body);
  if (!faults.ok()) return Refuse(ToStd(faults.status().message()));
  for (Fault& fault : *faults) fake.faults().Add(std::move(fault));
  return Answer(200, {{"pending", fake.faults().pending()}});
}

ServerResponse Counters(FakeAws& fake) {
  json streams = json::object();
  for (const std::string& name : fake.kinesis().StreamNames()) {
    const FakeKinesis::Counts counts = fake.kinesis().CountsOf(name);
    streams[name] = {{"accepted", counts.accepted},
                     {"acceptedBytes", counts.accepted_bytes},
                     {"failed", counts.failed}};
  }
  return Answer(
      200, {{"calls", fake.Calls()},
            {"faults", {{"struck", fake.faults().struck()}, {"pending", fake.faults().pending()}}},
            {"kinesis", {{"streams", streams}}}});
}

ServerResponse Records(FakeAws& fake, const Parameters& parameters) {
  std::size_t from = 0;
  std::size_t limit = 1000;
  for (const auto& [name, value] : parameters) {
    std::size_t* const number = name == "from" ? &from : name == "limit" ? &limit : nullptr;
    if (number != nullptr && !absl::SimpleAtoi(value, number)) return Refuse(name + ": no number");
  }
  const auto stream = parameters.find("stream");
  if (stream == parameters.end()) return Refuse("which stream?");
  json records = json::array();
  for (const ReceivedRecord& record : fake.kinesis().Records(stream->second, from, limit)) {
    records.push_back({{"partitionKey", record.partition_key},
                       {"data", absl::Base64Escape(record.data)},
                       {"shardId", record.shard_id},
                       {"sequenceNumber", record.sequence_number},
                       {"call", record.call},
                       {"arrivedMillis", absl::ToUnixMillis(record.arrived)}});
  }
  return Answer(200, {{"records", records}});
}

ServerResponse SetStatus(FakeAws& fake, const std::string& body) {
  const json input = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!input.is_object() || !input.contains("stream") || !input.contains("status") ||
      !input["stream"].is_string() || !input["status"].is_string()) {
    return Refuse("wants stream and status");
  }
  if (!fake.kinesis().SetStatus(input["stream"], input["status"])) return Refuse("no such stream");
  return Answer(200, json::object());
}

Parameters ParseQuery(std::string_view query) {
  Parameters parameters;
  for (const absl::string_view part : absl::StrSplit(ToAbsl(query), '&', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    std::string value;
    aws::AppendUriDecoded(pair.second, aws::Plus::kIsSpace, value);
    parameters[pair.first] = value;
  }
  return parameters;
}

}  // namespace

ServerResponse Administer(FakeAws& fake, const ServerRequest& request) {
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query = target.substr(std::min(path.size() + 1, target.size()));
  const std::string route = request.method + " " + std::string(path);
  if (route == "POST /_fake/script") return AddFaults(fake, request.body);
  if (route == "GET /_fake/counters") return Counters(fake);
  if (route == "GET /_fake/kinesis/records") return Records(fake, ParseQuery(query));
  if (route == "POST /_fake/kinesis/status") return SetStatus(fake, request.body);
  if (route == "DELETE /_fake/script") {
    fake.faults().Clear();
    return Answer(200, json::object());
  }
  if (route == "POST /_fake/reset") {
    fake.Reset();
    return Answer(200, json::object());
  }
  return Answer(404, {{"message", "no such page: see common/testing/fake_aws/admin.h"}});
}

}  // namespace tidemark::fake_aws
