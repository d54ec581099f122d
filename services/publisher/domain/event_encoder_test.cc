#include "services/publisher/domain/event_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace tidemark::publisher {
namespace {

std::string Encode(const EventView& event) {
  std::string out;
  AppendEvent(event, out);
  return out;
}

std::string Quote(std::string_view text) {
  std::string out;
  AppendJsonString(text, out);
  return out;
}

// Reads a JSON string back, by RFC 8259 and nothing else: an own reader, for the test alone.
std::string Unquote(std::string_view json) {
  RC_ASSERT(json.size() >= 2U);
  RC_ASSERT(json.front() == '"');
  RC_ASSERT(json.back() == '"');
  json = json.substr(1, json.size() - 2);
  std::string text;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    RC_ASSERT(static_cast<unsigned char>(c) >= 0x20);
    RC_ASSERT(c != '"');
    if (c != '\\') {
      text += c;
      continue;
    }
    switch (json.at(++i)) {
      case 'u':
        text += static_cast<char>(std::stoi(std::string(json.substr(i + 1, 4)), nullptr, 16));
        i += 4;
        break;
      case 'b':
        text += '\b';
        break;
      case 'f':
        text += '\f';
        break;
      case 'n':
        text += '\n';
        break;
      case 'r':
        text += '\r';
        break;
      case 't':
        text += '\t';
        break;
      default:
        RC_ASSERT((json[i] == '"' || json[i] == '\\'));
        text += json[i];
    }
  }
  return text;
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

TEST(EventEncoderTest, EscapesWhatJsonCannotHoldAndLeavesTheRest) {
  EXPECT_EQ(Quote("a\"b\\c\n\t\r\b\f"), R"("a\"b\\c\n\t\r\b\f")");
  EXPECT_EQ(Quote(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(Quote("/ \u00e9 \u2028 \U0001F600"), "\"/ \u00e9 \u2028 \U0001F600\"");
}

RC_GTEST_PROP(EventEncoderPropertyTest, AStringReadsBackAsItWas, (const std::string& text)) {
  RC_ASSERT(Unquote(Quote(text)) == text);
}

}  // namespace
}  // namespace tidemark::publisher
