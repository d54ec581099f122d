#include "cli/output/message_json.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tidemark/change/v1/change.pb.h"
#include "tidemark/dataset/v1/change_log_service.pb.h"
#include "tidemark/stream_config/v1/pool.pb.h"

namespace tidemark::cli {
namespace {

TEST(MessageJsonTest, EveryFieldIsThereInTheOrderOfTheProto) {
  stream_config::v1::BulkPublish bulk;
  bulk.set_job(9'007'199'254'740'993);  // beyond a double's whole numbers
  bulk.set_state(stream_config::v1::BULK_PUBLISH_STATE_IN_PROGRESS);
  bulk.mutable_start_time()->set_seconds(1'800'000'000);
  EXPECT_EQ(ToJson(bulk).dump(),
            R"({"job":9007199254740993,"state":"IN_PROGRESS","epoch":0,)"
            R"("start_time":"2027-01-15T08:00:00Z","complete_time":null,"failure_message":"",)"
            R"("progress":null})");
}

TEST(MessageJsonTest, AbsentAndEmptyValuesDiffer) {
  change::v1::RecordChange record;
  record.set_key("k");
  EXPECT_TRUE(ToJson(record)["value"].is_null());
  record.set_value("");
  EXPECT_EQ(ToJson(record)["value"], "");
}

TEST(MessageJsonTest, ListsAndMapsAreThereWhenEmpty) {
  EXPECT_EQ(ToJson(stream_config::v1::PushSettings()).dump(),
            R"({"application_arns":[],"role_arn":""})");
  stream_config::v1::EventSettings events;
  EXPECT_EQ(ToJson(events).dump(), R"({"functions":{}})");
  (*events.mutable_functions())["b"] = "2";
  (*events.mutable_functions())["a"] = "1";
  EXPECT_EQ(ToJson(events).dump(), R"({"functions":{"a":"1","b":"2"}})");
}

TEST(MessageJsonTest, RepeatedNumbersAndMessagesAreLists) {
  dataset::v1::ReadSnapshotsRequest request;
  request.add_log_shards(255);
  EXPECT_EQ(ToJson(request)["log_shards"].dump(), "[255]");
  dataset::v1::GetSnapshotsRequest named;
  named.add_datasets()->set_owner(-5);
  EXPECT_EQ(ToJson(named)["datasets"].dump(),
            R"([{"owner":-5,"identity_id":"","dataset_name":""}])");
}

TEST(PrintJsonTest, TextThatIsNoUtf8IsReplacedAndNotFatal) {
  std::ostringstream out;
  PrintJsonLine(Json{{"message", "\xff"}}, out);
  EXPECT_EQ(out.str(), "{\"message\":\"\xef\xbf\xbd\"}\n");
}

}  // namespace
}  // namespace tidemark::cli
