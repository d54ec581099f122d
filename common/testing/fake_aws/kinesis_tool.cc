#include "common/testing/fake_aws/kinesis_tool.h"

#include <future>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "common/testing/eventually.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

aws::ServiceClient::Settings Settings(const std::string& endpoint_url) {
  return {.api = aws::Api::kKinesis,
          .service = "kinesis",
          .region = "us-east-1",
          .endpoint = aws::Endpoint::Parse(endpoint_url).value(),
          .read_error = &aws::ReadJsonError};
}

}  // namespace

KinesisTool::KinesisTool(const std::string& endpoint_url)
    : transport_(aws::CurlTransport::Start({}).value()),
      credentials_(std::make_shared<aws::StaticCredentials>(
          aws::Credentials{"test", Secret("test"), Secret(), absl::InfiniteFuture()})),
      client_(Settings(endpoint_url), *transport_, credentials_, SystemClock()) {}

KinesisTool::~KinesisTool() = default;

absl::StatusOr<std::string> KinesisTool::Call(std::string_view operation, std::string body) {
  std::promise<aws::CallResult> promise;
  client_.Call({.method = "POST",
                .endpoint = client_.endpoint(),
                .target = "/",
                .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                            {"X-Amz-Target", absl::StrCat("Kinesis_20131202.", ToAbsl(operation))}},
                .body = std::move(body)},
               {}, [&promise](aws::CallResult result) { promise.set_value(std::move(result)); });
  aws::CallResult result = promise.get_future().get();
  if (const auto* error = std::get_if<aws::CallError>(&result)) {
    std::ostringstream text;
    text << operation << ": " << *error;
    return absl::UnknownError(text.str());
  }
  return std::get<aws::HttpResponse>(result).body;
}

absl::Status KinesisTool::StartCreatingStream(std::string_view stream, int shards) {
  const json create = {{"StreamName", stream}, {"ShardCount", shards}};
  return Call("CreateStream", create.dump()).status();
}

absl::Status KinesisTool::CreateStream(std::string_view stream, int shards) {
  TM_RETURN_IF_ERROR(StartCreatingStream(stream, shards));
  const bool active = testing::Eventually([&] {
    const auto body = Call("DescribeStreamSummary", json{{"StreamName", stream}}.dump());
    return body.ok() && json::parse(*body)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE";
  });
  return active ? absl::OkStatus() : absl::DeadlineExceededError("the stream is not ACTIVE");
}

absl::Status KinesisTool::DeleteStream(std::string_view stream) {
  return Call("DeleteStream", json{{"StreamName", stream}}.dump()).status();
}

absl::StatusOr<std::vector<KinesisTool::Record>> KinesisTool::ReadAll(std::string_view stream) {
  TM_ASSIGN_OR_RETURN(const std::string body,
                      Call("ListShards", json{{"StreamName", stream}}.dump()));
  const json list = json::parse(body);
  std::vector<Record> records;
  for (const json& shard : list.at("Shards")) {
    TM_RETURN_IF_ERROR(ReadShard(stream, shard.at("ShardId"), records));
  }
  return records;
}

absl::Status KinesisTool::ReadShard(std::string_view stream, const std::string& shard_id,
                                    std::vector<Record>& records) {
  const json start = {
      {"StreamName", stream}, {"ShardId", shard_id}, {"ShardIteratorType", "TRIM_HORIZON"}};
  TM_ASSIGN_OR_RETURN(std::string body, Call("GetShardIterator", start.dump()));
  std::string iterator = json::parse(body).at("ShardIterator");
  while (true) {
    TM_ASSIGN_OR_RETURN(body, Call("GetRecords", json{{"ShardIterator", iterator}}.dump()));
    const json page = json::parse(body);
    for (const json& item : page.at("Records")) {
      Record record{.shard_id = shard_id,
                    .sequence_number = item.at("SequenceNumber"),
                    .partition_key = item.at("PartitionKey"),
                    .data = {}};
      if (!absl::Base64Unescape(item.at("Data").get<std::string>(), &record.data)) {
        return absl::DataLossError("Data is not base64");
      }
      records.push_back(std::move(record));
    }
    if (page.at("Records").empty() || !page.contains("NextShardIterator")) return absl::OkStatus();
    iterator = page.at("NextShardIterator");
  }
}

}  // namespace tidemark::fake_aws
