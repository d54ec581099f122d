#include "services/dataset/trigger/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/dataset/domain/checks.h"

namespace tidemark::dataset {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr const char* kRegion = "us-east-1";

Record Held(std::string key, std::optional<std::string> value) {
  return {.key = std::move(key), .value = std::move(value), .sync_count = SyncCount(1)};
}

RecordPatch Patch(std::string key, std::optional<std::string> value) {
  return {std::move(key), std::move(value), SyncCount(1), std::nullopt};
}

class EventTest : public ::testing::Test {
 protected:
  EventTest() { request_.dataset = {IdentityKey::Of("us-east-1:0a", "us-east-1:1b"), "prefs"}; }

  std::string Write() { return WriteEvent(kRegion, request_, view_); }
  absl::StatusOr<TriggerOutput> Read(const std::string& text) {
    return ReadEvent(kRegion, request_, text);
  }
  // Of an event with these records, in JSON.
  absl::StatusOr<TriggerOutput> ReadRecords(const std::string& records) {
    return Read(absl::StrCat(R"({"datasetRecords":)", records, "}"));
  }
  std::string FaultOf(const std::string& text) {
    const auto output = Read(text);
    return output.ok() ? "" : std::string(output.status().message());
  }
  std::string FaultOfRecords(const std::string& records) {
    return FaultOf(absl::StrCat(R"({"datasetRecords":)", records, "}"));
  }

  UpdateRequest request_;
  DatasetView view_;
};

TEST_F(EventTest, IsExactlyWhatTheContractSays) {
  view_.records = {Held("gone", std::nullopt), Held("k1", "old"), Held("k2", "out"),
                   Held("k3", "stays"), Held("revived", std::nullopt)};
  request_.patches = {Patch("new", "n"), Patch("k2", std::nullopt), Patch("k1", "\"\n\xC3\xA9"),
                      Patch("revived", "r"), Patch("unknown", std::nullopt)};
  EXPECT_EQ(Write(),
            "{\"version\":2,\"eventType\":\"SyncTrigger\",\"region\":\"us-east-1\","
            "\"identityPoolId\":\"us-east-1:0a\",\"identityId\":\"us-east-1:1b\","
            "\"datasetName\":\"prefs\",\"datasetRecords\":{"
            "\"k1\":{\"oldValue\":\"old\",\"newValue\":\"\\\"\\n\xC3\xA9\",\"op\":\"replace\"},"
            "\"k2\":{\"oldValue\":\"out\",\"newValue\":null,\"op\":\"remove\"},"
            "\"k3\":{\"oldValue\":\"stays\",\"newValue\":\"stays\",\"op\":\"replace\"},"
            "\"revived\":{\"oldValue\":null,\"newValue\":\"r\",\"op\":\"replace\"},"
            "\"new\":{\"oldValue\":null,\"newValue\":\"n\",\"op\":\"replace\"},"
            "\"unknown\":{\"oldValue\":null,\"newValue\":null,\"op\":\"remove\"}}}");
}

TEST_F(EventTest, OfAnEmptyDatasetHasThePatchesAlone) {
  request_.patches = {Patch("a", "")};
  EXPECT_EQ(json::parse(Write())["datasetRecords"],
            json::parse(R"({"a":{"oldValue":null,"newValue":"","op":"replace"}})"));
}

TEST_F(EventTest, ThatComesBackAsItWasSaysWhatTheUpdateSays) {
  view_.records = {Held("k1", "old"), Held("k2", "out")};
  request_.patches = {Patch("k2", std::nullopt), Patch("new", "n")};
  const auto output = Read(Write());
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_THAT(*output, ElementsAre(Pair("k1", "old"), Pair("k2", std::nullopt), Pair("new", "n")));
}

TEST_F(EventTest, MayLeaveOutWhatItDoesNotChange) {
  EXPECT_THAT(*ReadRecords("{}"), IsEmpty());
  EXPECT_THAT(*ReadRecords(R"({"a": {"newValue": "x", "op": "replace"},
                               "b": {"op": "remove"},
                               "c": {"op": "replace", "newValue": null, "oldValue": "?"},
                               "d": {"op": "remove", "newValue": "ignored", "oldValue": null}})"),
              ElementsAre(Pair("a", "x"), Pair("b", std::nullopt), Pair("c", std::nullopt),
                          Pair("d", std::nullopt)));
  EXPECT_TRUE(Read(R"( {"datasetRecords": {}, "version": 2.0, "region": "us-east-1"} )").ok());
}

TEST_F(EventTest, MayNotChangeTheOtherFields) {
  EXPECT_THAT(FaultOf(R"({"datasetRecords": {}, "datasetName": "other"})"),
              HasSubstr("datasetName is 'other'; it was 'prefs' and may not change"));
  EXPECT_THAT(FaultOf(R"({"datasetRecords": {}, "version": 3, "identityId": null})"),
              AllOf(HasSubstr("version is '3'; it was 2"), HasSubstr("identityId is 'null'")));
  EXPECT_THAT(FaultOf(R"({"datasetRecords": {}, "version": "2"})"), HasSubstr("version"));
  EXPECT_THAT(FaultOf(R"({"datasetRecords": {}, "region": {"a": 1}})"),
              HasSubstr("region is an object"));
}

TEST_F(EventTest, MayNotHaveOtherFields) {
  EXPECT_THAT(FaultOf(R"({"datasetRecords": {}, "datasetrecords": {}})"),
              HasSubstr("datasetrecords is no field of the event"));
  EXPECT_THAT(FaultOf(R"({"datasetRecords": {}, "note": 1})"), HasSubstr("note is no field"));
  EXPECT_THAT(FaultOfRecords(R"({"a": {"op": "remove", "Op": "remove"}})"),
              HasSubstr("datasetRecords['a'].Op is no field"));
}

TEST_F(EventTest, OfAnotherShapeIsRefused) {
  for (const char* text : {"", "nul", "{", "{}}", "\xff", R"({"datasetRecords": {"a": {)",
                           R"({"datasetRecords": {"a": {"op": "remove"}}, })", "{'a': 1}"}) {
    EXPECT_THAT(FaultOf(text), HasSubstr("the output is no JSON from byte")) << text;
  }
  for (const char* text : {"null", "5", "[]", "\"x\"", "true"}) {
    EXPECT_THAT(FaultOf(text), HasSubstr("not an event, which is an object")) << text;
  }
  EXPECT_THAT(FaultOf("{}"), HasSubstr("has no datasetRecords"));
  for (const char* records : {"null", "[]", "7", "\"x\""}) {
    EXPECT_THAT(FaultOfRecords(records), HasSubstr("not an object of records by key")) << records;
    EXPECT_THAT(FaultOfRecords(absl::StrCat(R"({"a":)", records, "}")),
                HasSubstr("not an object with oldValue, newValue and op"))
        << records;
  }
  EXPECT_THAT(FaultOf(std::string(100'000, '[')), HasSubstr("not an event"));
}

TEST_F(EventTest, ARecordsFaultNamesFieldValueAndBound) {
  EXPECT_THAT(FaultOfRecords(R"({"a": {"newValue": "x"}})"),
              HasSubstr("datasetRecords['a'] has no op; replace or remove"));
  EXPECT_THAT(FaultOfRecords(R"({"a": {"op": "REPLACE", "newValue": "x"}})"),
              HasSubstr("datasetRecords['a'].op is 'REPLACE'; replace or remove"));
  EXPECT_THAT(FaultOfRecords(R"({"a": {"op": "replace"}})"),
              HasSubstr("datasetRecords['a'] has no newValue"));
  EXPECT_THAT(FaultOfRecords(R"({"a": {"op": "replace", "newValue": 17}})"),
              HasSubstr("datasetRecords['a'].newValue is 17; text or null"));
  EXPECT_THAT(FaultOfRecords(R"({"a": {"op": "replace", "newValue": {}}})"),
              HasSubstr("datasetRecords['a'].newValue is an object, not text or null"));
  EXPECT_THAT(FaultOfRecords(R"({"a": {"op": "remove", "oldValue": false}})"),
              HasSubstr("datasetRecords['a'].oldValue is false; text or null"));
  EXPECT_THAT(FaultOfRecords(R"({"": {"op": "remove"}})"), HasSubstr("is empty; 1 to 1024 bytes"));
  EXPECT_THAT(FaultOfRecords(R"({"a\u0000b": {"op": "remove"}})"), HasSubstr("U+0000"));
  EXPECT_THAT(FaultOfRecords(absl::StrCat("{\"", std::string(1025, 'k'), R"(":{"op":"remove"}})")),
              HasSubstr("has 1025 bytes; at most 1024"));
  EXPECT_THAT(FaultOfRecords(absl::StrCat(R"({"a":{"op":"replace","newValue":")",
                                          std::string(kMaxValueBytes + 1, 'v'), "\"}}")),
              HasSubstr("datasetRecords['a'].newValue has 1048576 bytes; at most 1048575"));
  EXPECT_TRUE(ReadRecords(absl::StrCat(R"({"a":{"op":"replace","newValue":")",
                                       std::string(kMaxValueBytes, 'v'), "\"}}"))
                  .ok());
}

TEST_F(EventTest, WhatIsGivenTwiceIsRefused) {
  EXPECT_THAT(FaultOfRecords(R"({"a": {"op": "remove"}, "a": {"op": "remove"}})"),
              HasSubstr("datasetRecords['a'] occurs twice"));
  EXPECT_THAT(FaultOfRecords(R"({"a": {"op": "remove", "op": "remove"}})"),
              HasSubstr("datasetRecords['a'].op occurs twice"));
  EXPECT_THAT(FaultOf(R"({"datasetRecords": {}, "datasetRecords": {}})"),
              HasSubstr("datasetRecords occurs twice"));
}

TEST_F(EventTest, FaultsAreNamedAsFarAsThatIsOfUse) {
  std::string records = "{";
  for (int i = 0; i < 50; ++i) absl::StrAppend(&records, i == 0 ? "" : ",", "\"", i, "\":{}");
  const std::string fault = FaultOfRecords(records + "}");
  EXPECT_THAT(fault, AllOf(HasSubstr("datasetRecords['0']"), HasSubstr("datasetRecords['7']")));
  EXPECT_THAT(fault, ::testing::Not(HasSubstr("datasetRecords['8']")));
}

TEST_F(EventTest, MoreRecordsThanAnyDatasetMayHaveAreRefused) {
  std::string records = "{";
  for (std::size_t i = 0; i <= kMaxPatches; ++i) {
    absl::StrAppend(&records, i == 0 ? "" : ",", "\"", i, R"(":{"op":"remove"})");
  }
  EXPECT_THAT(FaultOfRecords(records + "}"), HasSubstr("at most 65536 records"));
}

// What is written can be read, whatever stands in keys and values.
TEST_F(EventTest, AnyTextComesBackAsItWas) {
  const auto text = [](int from) {
    return *rc::gen::apply(
        [](const std::vector<int>& picks) {
          constexpr const char* kPieces[] = {"a",
                                             "\"",
                                             "\\",
                                             "\n",
                                             "\x01",
                                             "\x7f",
                                             "/",
                                             "\xC3\xA9",
                                             "\xF0\x9F\x98\x80",
                                             "\xE2\x80\xA8",
                                             "{",
                                             "}"};
          std::string out;
          for (const int pick : picks) out += kPieces[pick];
          return out;
        },
        rc::gen::suchThat(
            rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 12)),
            [from](const auto& picks) { return static_cast<int>(picks.size()) >= from; }));
  };
  EXPECT_TRUE(rc::check([&] {
    const std::string key = text(1), other = key + "x";
    const std::string value = text(0);
    view_.records = {Held(key, value)};
    request_.patches = {Patch(other, value)};
    RC_PRE(other.size() <= kMaxKeyBytes);
    const auto output = Read(Write());
    RC_ASSERT(output.ok());
    RC_ASSERT(*output == (TriggerOutput{{key, value}, {other, value}}));
    RC_ASSERT(json::parse(Write())["datasetRecords"][key]["oldValue"] == value);
  }));
}

}  // namespace
}  // namespace tidemark::dataset
