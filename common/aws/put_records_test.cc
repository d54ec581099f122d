#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/aws/kinesis.h"

namespace tidemark::aws {
namespace {

using nlohmann::json;

std::string Body(std::vector<PutRecordsEntry> entries, std::string_view stream = "s") {
  return PutRecordsBody(stream, entries);
}

TEST(PutRecordsBodyTest, IsWhatTheApiAsksFor) {
  EXPECT_EQ(Body({{"hello", "k1"}, {"", "k2"}}),
            R"({"StreamName":"s","Records":[{"Data":"aGVsbG8=","PartitionKey":"k1"},)"
            R"({"Data":"","PartitionKey":"k2"}]})");
  EXPECT_EQ(Body({}, "arn:aws:kinesis:us-east-1:123456789012:stream/s"),
            R"({"StreamARN":"arn:aws:kinesis:us-east-1:123456789012:stream/s","Records":[]})");
}

RC_GTEST_PROP(PutRecordsBodyProperty, AnyBytesAndKeysComeThrough, ()) {
  using Pair = std::pair<std::string, std::string>;
  const auto key = rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::inRange<char>(0, 127), rc::gen::element('"', '\\', '/', '\n')));
  const auto pairs =
      *rc::gen::container<std::vector<Pair>>(rc::gen::pair(rc::gen::arbitrary<std::string>(), key));
  std::vector<PutRecordsEntry> entries;
  for (const Pair& pair : pairs) entries.push_back({pair.first, pair.second});
  const auto body = json::parse(Body(entries, "na\"me"));
  RC_ASSERT(body.at("StreamName") == "na\"me");
  RC_ASSERT(body.at("Records").size() == pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    std::string data;
    RC_ASSERT(absl::Base64Unescape(body.at("Records")[i].at("Data").get<std::string>(), &data));
    RC_ASSERT(data == pairs[i].first);
    RC_ASSERT(body.at("Records")[i].at("PartitionKey") == pairs[i].second);
  }
}

TEST(PutRecordsAnswerTest, ReadsEachRecordsResult) {
  const auto result = ReadPutRecordsAnswer(
      R"({"EncryptionType":"NONE","FailedRecordCount":1,"Records":[
          {"SequenceNumber":"21","ShardId":"shardId-000000000000"},
          {"ErrorCode":"ProvisionedThroughputExceededException","ErrorMessage":"slow \"down\""},
          {"ErrorCode":null,"ErrorMessage":null,"ShardId":"shardId-1","SequenceNumber":"22"}]})",
      3);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->error);
  EXPECT_EQ(result->failed, 1u);
  ASSERT_EQ(result->records.size(), 3u);
  EXPECT_TRUE(result->records[0].ok());
  EXPECT_EQ(result->records[0].sequence_number, "21");
  EXPECT_EQ(result->records[0].shard_id, "shardId-000000000000");
  EXPECT_FALSE(result->records[1].ok());
  EXPECT_EQ(result->records[1].error_class(), ErrorClass::kThrottle);
  EXPECT_EQ(result->records[1].error_message, "slow \"down\"");
  EXPECT_TRUE(result->records[2].ok());
}

TEST(PutRecordsAnswerTest, KeepsABoundedAndCleanPartOfErrors) {
  std::string text = "a\\u0000\\tb";
  for (int i = 0; i < 2000; ++i) text += "\u00e9";
  const auto result = ReadPutRecordsAnswer(
      absl::StrCat(R"({"Records":[{"ErrorCode":"InternalFailure","ErrorMessage":")", text,
                   R"("}]})"),
      1);
  ASSERT_TRUE(result.ok()) << result.status();
  const std::string& message = result->records[0].error_message;
  EXPECT_TRUE(message.starts_with("a  b\u00e9")) << message;
  EXPECT_TRUE(message.ends_with("\u00e9..."));
  EXPECT_LE(message.size(), 1027u);
}

TEST(PutRecordsAnswerTest, PassesOverWhatItDoesNotKnow) {
  const auto result = ReadPutRecordsAnswer(
      R"({"New":{"Records":[{"SequenceNumber":"x"}],"n":[1,[2]]},"Records":[
          {"Extra":{"ErrorCode":"no","a":["ErrorCode"]},"SequenceNumber":"1","ShardId":"s",
           "Tags":["t",{"SequenceNumber":"3"}]}],"Last":["SequenceNumber"]})",
      1);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->records[0].sequence_number, "1");
  EXPECT_EQ(result->failed, 0u);
}

TEST(PutRecordsAnswerTest, RefusesWhatIsNoAnswer) {
  for (const char* body : {"", "<xml/>", "[]", "{}", "null", R"({"Records":null})",
                           R"({"Records":[{"SequenceNumber":"1","ShardId":"s"})",
                           R"({"Records":[]})", R"({"Records":[{}]})", R"({"Records":["1"]})",
                           R"({"Records":[{"SequenceNumber":1,"ShardId":"s"}]})",
                           R"([[{"SequenceNumber":"1","ShardId":"s"}]])",
                           R"({"Records":[{"SequenceNumber":"1"},{"SequenceNumber":"2"}]})"}) {
    EXPECT_FALSE(ReadPutRecordsAnswer(body, 1).ok()) << body;
  }
}

RC_GTEST_PROP(PutRecordsAnswerProperty, SurvivesAnything, ()) {
  const auto piece = rc::gen::oneOf(
      rc::gen::element<std::string>("{", "}", "[", "]", ",", ":", "\"Records\"", "\"ErrorCode\"",
                                    "\"SequenceNumber\":\"1\"", "{\"Records\":[{", "null", "1"),
      rc::gen::arbitrary<std::string>());
  std::string text;
  for (const std::string& part : *rc::gen::container<std::vector<std::string>>(piece)) text += part;
  const auto result = ReadPutRecordsAnswer(text, 1);
  if (result.ok()) RC_ASSERT(result->records.size() == 1u);
}

}  // namespace
}  // namespace tidemark::aws
