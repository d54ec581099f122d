#include "common/testing/fake_aws/put_records_request.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

TEST(PutRecordsRequestTest, ReadsNamesAndRecordsInAnyOrder) {
  const auto request = ParsePutRecords(
      R"( { "Extra" : {"a":[1,{"b":"}\""}],"c":null}, "Records" :
          [ {"PartitionKey":"k1","Data":"eA=="} , {"Data":"","ExplicitHashKey":"7",
             "PartitionKey":"k\"\\2\u00e9"} ],"StreamARN":"arn:x/s","n":-1.5e3 } )");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->stream, "arn:x/s");
  ASSERT_EQ(request->entries.size(), 2u);
  EXPECT_EQ(request->entries[0].data, "eA==");
  EXPECT_EQ(request->entries[0].partition_key, "k1");
  EXPECT_EQ(request->entries[1].data, "");
  EXPECT_EQ(request->entries[1].partition_key, "k\"\\2\xc3\xa9");
}

TEST(PutRecordsRequestTest, TakesEmptyLists) {
  EXPECT_EQ(ParsePutRecords(R"({"Records":[]})")->entries.size(), 0u);
  EXPECT_EQ(ParsePutRecords("{}")->stream, "");
}

TEST(PutRecordsRequestTest, RefusesWhatIsNotJsonOfThisShape) {
  for (const char* text :
       {"", "{", "[]", "{}x", R"({"Records":{}})", R"({"Records":[1]})", R"({"Records":[{}})",
        R"({"StreamName":1})", R"({"StreamName":"s)", R"({"StreamName" "s"})", R"({"a":})",
        R"({"a":tru})", R"({"a":1,})", R"({"StreamName":"\x"})"}) {
    EXPECT_FALSE(ParsePutRecords(text).ok()) << text;
  }
}

// Whatever a JSON library writes reads back the same.
RC_GTEST_PROP(PutRecordsRequestProperty, AgreesWithTheJsonLibrary, ()) {
  const auto text = rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::inRange<char>(1, 127), rc::gen::element('"', '\\', '/', '\n', '}')));
  json body = {{"StreamName", *text}, {"Records", json::array()}, {*text + "-", {{*text, *text}}}};
  const auto keys = *rc::gen::container<std::vector<std::string>>(text);
  for (const std::string& key : keys) {
    body["Records"].push_back({{"PartitionKey", key}, {"Data", "AAAA"}});
  }
  const std::string written = body.dump(*rc::gen::element(-1, 0, 2));
  const auto request = ParsePutRecords(written);
  RC_ASSERT(request.ok());
  RC_ASSERT(request->stream == body["StreamName"].get<std::string>());
  RC_ASSERT(request->entries.size() == keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    RC_ASSERT(request->entries[i].partition_key == keys[i]);
    RC_ASSERT(request->entries[i].data == "AAAA");
  }
}

RC_GTEST_PROP(PutRecordsRequestProperty, SurvivesAnything, ()) {
  const auto piece = rc::gen::oneOf(
      rc::gen::element<std::string>("{", "}", "[", "]", ",", ":", "\"", "\\", "\"Records\":[",
                                    "\"Data\":\"\"", " ", "1", "null"),
      rc::gen::arbitrary<std::string>());
  std::string text;
  for (const std::string& part : *rc::gen::container<std::vector<std::string>>(piece)) text += part;
  if (ParsePutRecords(text).ok()) RC_ASSERT(text.find('{') != std::string::npos);
}

}  // namespace
}  // namespace tidemark::fake_aws
