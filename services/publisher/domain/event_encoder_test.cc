#include "services/publisher/domain/event_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemark::publisher {
namespace {

std::string Encode(const EventView& event) {
  std::string out;
  AppendEvent(event, out);
  return out;
}

TEST(EventEncoderTest, AnUpdateIsOneObjectWithItsRecordsInline) {
  const std::vector<EventRecord> records = {
      {.key = "color",
       .value = "blue",
       .sync_count = 7,
       .last_modified_ms = 1'424'801'824'343,
       .device_last_modified_ms = 1'424'801'824'001},
      {.key = "font",
       .value = std::nullopt,
       .sync_count = 7,
       .last_modified_ms = 1'424'801'824'343,
       .device_last_modified_ms = -1},
  };
  EXPECT_EQ(Encode({.pool_id = "us-east-1:pool",
                    .identity_id = "us-east-1:id",
                    .dataset_name = "prefs",
                    .sync_count = 7,
                    .last_modified_ms = 1'424'801'824'343,
                    .records = records}),
            R"({"identityPoolId":"us-east-1:pool","identityId":"us-east-1:id",)"
            R"("dataSetName":"prefs","datasetName":"prefs","operation":"replace",)"
            R"("kinesisSyncRecords":[{"key":"color","value":"blue","syncCount":7,)"
            R"("lastModifiedDate":1424801824343,"deviceLastModifiedDate":1424801824001,)"
            R"("op":"replace"},{"key":"font","value":null,"syncCount":7,)"
            R"("lastModifiedDate":1424801824343,"deviceLastModifiedDate":-1,"op":"remove"}],)"
            R"("lastModifiedDate":1424801824343,"payloadType":"Inline","syncCount":7})");
}

TEST(EventEncoderTest, ADeletionHasNoRecords) {
  EXPECT_EQ(Encode({.pool_id = "p:1",
                    .identity_id = "i:1",
                    .dataset_name = "d",
                    .deletion = true,
                    .sync_count = 9,
                    .last_modified_ms = 5}),
            R"({"identityPoolId":"p:1","identityId":"i:1","dataSetName":"d","datasetName":"d",)"
            R"("operation":"remove","lastModifiedDate":5,"payloadType":"Inline","syncCount":9})");
}

TEST(EventEncoderTest, TellsWhereTheRecordsStandAsTheArrayThatIsStored) {
  const std::vector<EventRecord> records = {{.key = "a", .value = "]", .sync_count = 1},
                                            {.key = "b", .value = std::nullopt, .sync_count = 1}};
  Event event;
  event.data = "before";
  event.records = AppendEvent({.identity_id = "[", .records = records}, event.data);
  EXPECT_EQ(event.records_json(), R"([{"key":"a","value":"]","syncCount":1,"lastModifiedDate":0,)"
                                  R"("deviceLastModifiedDate":0,"op":"replace"},)"
                                  R"({"key":"b","value":null,"syncCount":1,"lastModifiedDate":0,)"
                                  R"("deviceLastModifiedDate":0,"op":"remove"}])");
  event.records = AppendEvent({.deletion = true}, event.data);
  EXPECT_EQ(event.records_json(), "");
}

TEST(EventEncoderTest, AnEventWhoseRecordsAreStoredHasTheirUrlInstead) {
  const Event event{.key = "us-east-1:id",
                    .change = {.dataset_name = "prefs", .sync_count = 7},
                    .commit_time = absl::FromUnixMillis(1'424'801'824'343)};
  EXPECT_EQ(DataWithUrl("us-east-1:pool", event, "https://b.s3/k.json?a=b&c=d"),
            R"({"identityPoolId":"us-east-1:pool","identityId":"us-east-1:id",)"
            R"("dataSetName":"prefs","datasetName":"prefs","operation":"replace",)"
            R"("kinesisSyncRecordsURL":"https://b.s3/k.json?a=b&c=d",)"
            R"("lastModifiedDate":1424801824343,"payloadType":"S3Url","syncCount":7})");
}

}  // namespace
}  // namespace tidemark::publisher
