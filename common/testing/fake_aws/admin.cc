#include "common/testing/fake_aws/admin.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/admin_answer.h"
#include "common/testing/fake_aws/admin_lambda.h"
#include "common/testing/fake_aws/admin_roles.h"
#include "common/testing/fake_aws/admin_sns.h"
#include "common/testing/fake_aws/fake_aws.h"
#include "common/testing/fake_aws/query.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

ServerResponse AddFaults(FakeAws& fake, const std::string& body) {
  auto faults = ParseFaults(body);
  if (!faults.ok()) return AdminRefusal(ToStd(faults.status().message()));
  for (Fault& fault : *faults) fake.faults().Add(std::move(fault));
  return AdminAnswer(200, {{"pending", fake.faults().pending()}});
}

ServerResponse Counters(FakeAws& fake) {
  json streams = json::object();
  for (const std::string& name : fake.kinesis().StreamNames()) {
    const FakeKinesis::Counts counts = fake.kinesis().CountsOf(name);
    streams[name] = {{"accepted", counts.accepted},
                     {"acceptedBytes", counts.accepted_bytes},
                     {"failed", counts.failed}};
  }
  return AdminAnswer(
      200, {{"calls", fake.Calls()},
            {"faults", {{"struck", fake.faults().struck()}, {"pending", fake.faults().pending()}}},
            {"kinesis", {{"streams", streams}}},
            {"sns", {{"pushes", fake.sns().pushes()}}}});
}

ServerResponse Records(FakeAws& fake, const Parameters& parameters) {
  AdminPage page;
  if (auto refusal = ReadPage(parameters, page)) return *std::move(refusal);
  const auto stream = parameters.find("stream");
  if (stream == parameters.end()) return AdminRefusal("which stream?");
  json records = json::array();
  for (const ReceivedRecord& record :
       fake.kinesis().Records(stream->second, page.from, page.limit)) {
    records.push_back({{"partitionKey", record.partition_key},
                       {"data", absl::Base64Escape(record.data)},
                       {"shardId", record.shard_id},
                       {"sequenceNumber", record.sequence_number},
                       {"call", record.call},
                       {"arrivedMillis", absl::ToUnixMillis(record.arrived)}});
  }
  return AdminAnswer(200, {{"records", records}});
}

// Does with a stream what the body says. Throws json::exception where a member is missing or of the
// wrong type.
ServerResponse ChangeStream(FakeKinesis& kinesis, std::string_view what, const json& body) {
  const std::string stream = body.at("stream");
  if (what == "stream") {
    return AdminDone(kinesis.CreateStream(stream, body.value("shards", 1)), "the stream exists");
  }
  if (what == "status") {
    return AdminDone(kinesis.SetStatus(stream, body.at("status").get<std::string>()),
                     "no such stream");
  }
  if (what == "shards") {
    return AdminDone(kinesis.Reshard(stream, body.at("shards").get<int>()),
                     "no such stream, or not twice or half its shards");
  }
  if (what == "poison") {
    return AdminDone(kinesis.SetPoison(stream, body.at("text").get<std::string>()),
                     "no such stream");
  }
  return AdminDone(kinesis.SetMaxRecordBytes(stream, body.at("maxRecordBytes").get<std::size_t>()),
                   "no such stream");
}

ServerResponse Objects(FakeAws& fake, const Parameters& parameters) {
  json objects = json::object();
  for (const auto& [key, object] : fake.s3().Objects(std::string(Get(parameters, "bucket")))) {
    json headers = json::object();
    for (const aws::HttpHeader& header : object.headers) headers[header.name] = header.value;
    objects[key] = {
        {"body", absl::Base64Escape(object.body)}, {"headers", headers}, {"etag", object.etag}};
  }
  return AdminAnswer(200, {{"objects", objects}});
}

// The pages that take a body. Throws as ChangeStream does.
ServerResponse Post(FakeAws& fake, std::string_view page, const json& body) {
  constexpr std::string_view kStreams = "kinesis/";
  for (const std::string_view what : {"stream", "status", "shards", "poison", "limit"}) {
    if (page.starts_with(kStreams) && page.substr(kStreams.size()) == what) {
      return ChangeStream(fake.kinesis(), what, body);
    }
  }
  if (page == "s3/bucket") {
    return AdminDone(fake.s3().CreateBucket(body.at("bucket"), body.value("account", "")),
                     "the bucket exists");
  }
  if (page == "clock") {
    fake.SetClockSkew(absl::Seconds(body.at("skewSeconds").get<double>()));
    return AdminAnswer(200, json::object());
  }
  return NoSuchAdminPage();
}

}  // namespace

ServerResponse Administer(FakeAws& fake, const ServerRequest& request) {
  const std::string_view path = PathOf(request.target);
  const std::string route = request.method + " " + std::string(path);
  const Parameters query = ParseQuery(QueryOf(request.target));
  if (path.starts_with("/_fake/sts/")) return AdministerRoles(fake.iam(), route, request);
  if (path.starts_with("/_fake/sns/")) return AdministerSns(fake.sns(), route, request);
  if (path.starts_with("/_fake/lambda/")) return AdministerLambda(fake.lambda(), route, request);
  if (route == "POST /_fake/script") return AddFaults(fake, request.body);
  if (route == "GET /_fake/counters") return Counters(fake);
  if (route == "GET /_fake/kinesis/records") return Records(fake, query);
  if (route == "GET /_fake/s3/objects") return Objects(fake, query);
  if (route == "DELETE /_fake/kinesis/stream") {
    return AdminDone(fake.kinesis().DeleteStream(std::string(Get(query, "stream"))),
                     "no such stream");
  }
  if (route == "DELETE /_fake/script") {
    fake.faults().Clear();
    return AdminAnswer(200, json::object());
  }
  if (route == "POST /_fake/reset") {
    fake.Reset();
    return AdminAnswer(200, json::object());
  }
  if (request.method != "POST") return NoSuchAdminPage();
  try {
    return Post(fake, path.substr(kAdminPrefix.size()), json::parse(request.body));
  } catch (const json::exception& error) {
    return AdminRefusal(error.what());
  }
}

}  // namespace tidemark::fake_aws
