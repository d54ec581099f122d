#include "services/gateway/wire/json_writer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "services/gateway/wire/utf8.h"

namespace tidemark::gateway {
namespace {

std::string TextOf(std::string_view text) {
  std::string out;
  AppendJsonText(text, out);
  return out;
}

std::string TimeOf(std::int64_t seconds, int nanos) {
  google::protobuf::Timestamp time;
  time.set_seconds(seconds);
  time.set_nanos(nanos);
  std::string out;
  AppendJsonTime(time, out);
  return out;
}

TEST(JsonWriterTest, EscapesWhatMustBe) {
  EXPECT_EQ(TextOf(""), R"("")");
  EXPECT_EQ(TextOf("plain"), R"("plain")");
  EXPECT_EQ(TextOf("a\"b\\c/\n\r\t"), R"("a\"b\\c/\n\r\t")");
  EXPECT_EQ(TextOf(std::string_view("\0\x01\x1f\x7f", 4)), "\"\\u0000\\u0001\\u001f\x7f\"");
  EXPECT_EQ(TextOf("h\u00e9 \u20ac \U0001F600"), "\"h\u00e9 \u20ac \U0001F600\"");
}

TEST(JsonWriterTest, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(TextOf("a\xff z"), "\"a\uFFFD z\"");
  EXPECT_EQ(TextOf("\xc3"), "\"\uFFFD\"");
  EXPECT_EQ(TextOf("\xed\xa0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");  // a surrogate
  EXPECT_EQ(TextOf("\xc0\xaf"), "\"\uFFFD\uFFFD\"");            // overlong
}

RC_GTEST_PROP(JsonWriterProperty, AnotherParserReadsWhatWasWritten, (const std::string& bytes)) {
  const auto parsed = nlohmann::json::parse(TextOf(bytes));
  if (IsUtf8(bytes)) RC_ASSERT(parsed.get<std::string>() == bytes);
}

RC_GTEST_PROP(Utf8Property, AgreesWithAnotherJudge, (const std::string& bytes)) {
  bool judged = true;
  try {
    static_cast<void>(nlohmann::json(bytes).dump());  // throws for what is not UTF-8
  } catch (const nlohmann::json::exception&) {
    judged = false;
  }
  RC_ASSERT(IsUtf8(bytes) == judged);
}

TEST(Utf8Test, KnowsTheEdges) {
  for (const std::string_view good :
       {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good));
  }
  for (const std::string_view bad :
       {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xe2\x82", "\xf0\x9f\x98"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

TEST(JsonWriterTest, TimesAreSecondsWithMilliseconds) {
  EXPECT_EQ(TimeOf(1413231134, 115'000'000), "1413231134.115");
  EXPECT_EQ(TimeOf(1413231134, 5'999'999), "1413231134.005");
  EXPECT_EQ(TimeOf(0, 0), "0.000");
  EXPECT_EQ(TimeOf(-1, 250'000'000), "-0.750");
  EXPECT_EQ(TimeOf(253402300799, 999'000'000), "253402300799.999");
}

TEST(JsonWriterTest, WritesObjects) {
  std::string out;
  {
    ObjectWriter object(out);
    object.Text("a", "x");
    object.TextOrNull("b", "");
    object.Integer("c", -5);
    object.Bool("d", true);
    object.List("e", std::vector<std::string>{"1", "2"}, AppendJsonText);
    object.List("f", std::vector<std::string>{}, AppendJsonText);
    ObjectWriter inner(object.Begin("g"));
    inner.Null("h");
  }
  EXPECT_EQ(out, R"({"a":"x","b":null,"c":-5,"d":true,"e":["1","2"],"f":[],"g":{"h":null}})");
}

}  // namespace
}  // namespace tidemark::gateway
