#include "services/gateway/wire/json_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "services/gateway/wire/amazon_error.h"

namespace tidemark::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

struct Inner final : StructReader {
  Inner() : StructReader({{"Text", &text}}) {}
  TextReader text;
};

struct Body final : StructReader {
  Body()
      : StructReader({{"Text", &text},
                      {"Integer", &integer},
                      {"Time", &time},
                      {"List", &list},
                      {"Inner", &inner}}) {}
  TextReader text;
  IntegerReader integer;
  TimeReader time;
  TextListReader list;
  Inner inner;
};

AmazonError ErrorOf(std::string_view text) {
  Body body;
  const absl::Status status = ReadJson(text, body);
  EXPECT_FALSE(status.ok()) << text;
  return ToAmazonError(status);
}

void ExpectRefused(std::string_view text, std::string_view where) {
  const AmazonError error = ErrorOf(text);
  EXPECT_EQ(error.name, ErrorName::kSerialization) << text;
  EXPECT_THAT(error.message, HasSubstr(where));
}

TEST(JsonReaderTest, ReadsMembersOfAllKinds) {
  Body body;
  ASSERT_TRUE(ReadJson(R"( {"Text":"a\u00e9\u0000\ud83d\ude00","Integer":-7,"Time":1.5E9,
                            "List":["x","y"],"Inner":{"Text":"z"}} )",
                       body)
                  .ok());
  EXPECT_EQ(*body.text.value, std::string("a\u00e9\0\U0001F600", 8));
  EXPECT_THAT(body.integer.value, Optional(-7));
  EXPECT_THAT(body.time.value, Optional(absl::FromUnixSeconds(1500000000)));
  EXPECT_THAT(body.list.value, Optional(ElementsAre("x", "y")));
  EXPECT_TRUE(body.inner.present());
  EXPECT_THAT(body.inner.text.value, Optional(std::string("z")));
}

TEST(JsonReaderTest, NullAndNothingMeanAbsent) {
  for (const std::string_view text :
       {"", "  \r\n", "{}", "null",
        R"({"Text":null,"Integer":null,"Time":null,"List":null,"Inner":null})"}) {
    Body body;
    ASSERT_TRUE(ReadJson(text, body).ok()) << text;
    EXPECT_FALSE(body.text.value || body.integer.value || body.time.value || body.list.value ||
                 body.inner.present());
  }
}

TEST(JsonReaderTest, PassesOverUnknownMembers) {
  Body body;
  ASSERT_TRUE(ReadJson(R"({"A":1,"text":2,"B":{"Text":3,"Integer":[{"Text":4}]},"C":[[],{}],
                           "Text":"x","D":true,"A":1.5,"B":null})",
                       body)
                  .ok());
  EXPECT_THAT(body.text.value, Optional(std::string("x")));
  EXPECT_FALSE(body.integer.value);
}

TEST(JsonReaderTest, RefusesOtherTypes) {
  for (const std::string_view wrong : {"1", "true", "[]", "{}"}) {
    ExpectRefused(absl::StrCat(R"({"Text":)", std::string(wrong), "}"), "Text: a string");
  }
  for (const std::string_view wrong :
       {R"("1")", "true", "1.5", "1e300", "1e999", "9223372036854775808"}) {
    ExpectRefused(absl::StrCat(R"({"Integer":)", std::string(wrong), "}"), "Integer: a whole");
  }
  for (const std::string_view wrong :
       {R"("2014-10-13T20:12:14Z")", R"("1413231134")", "false", "1e300", "-1e999", "-62135596801",
        "253402300800", "1413231134115000"}) {
    ExpectRefused(absl::StrCat(R"({"Time":)", std::string(wrong), "}"), "Time: a number of");
  }
  ExpectRefused(R"({"List":"x"})", "List: a list of strings");
  ExpectRefused(R"({"List":["x",1]})", "List[1]: a string");
  ExpectRefused(R"({"List":["x",null]})", "List[1]: a string");
  ExpectRefused(R"({"Inner":[]})", "Inner: an object");
  ExpectRefused(R"({"Inner":{"Text":0}})", "Inner.Text: a string");
  for (const std::string_view wrong : {"[]", "1", R"("x")", "true"}) {
    ExpectRefused(wrong, "the body: an object");
  }
}

TEST(JsonReaderTest, NumbersMayBeWrittenInAnyWay) {
  for (const std::string_view three : {"3", "3.0", "3e0", "0.3E1", "300e-2"}) {
    Body body;
    ASSERT_TRUE(ReadJson(absl::StrCat(R"({"Integer":)", std::string(three), "}"), body).ok());
    EXPECT_THAT(body.integer.value, Optional(3));
  }
  Body body;
  ASSERT_TRUE(ReadJson(R"({"Integer":9223372036854775807,"Time":1413231134.1154})", body).ok());
  EXPECT_THAT(body.integer.value, Optional(9223372036854775807));
  EXPECT_THAT(body.time.value, Optional(absl::FromUnixMillis(1413231134115)));
}

TEST(JsonReaderTest, RefusesAMemberThatOccursTwice) {
  ExpectRefused(R"({"Text":"a","Text":"b"})", "Text: occurs twice");
  ExpectRefused(R"({"Inner":{"Text":"a","Text":"a"}})", "Inner.Text: occurs twice");
}

TEST(JsonReaderTest, RefusesWhatIsNotJson) {
  for (const std::string_view text : {
           "{",
           "}",
           "{]",
           R"({"Text")",
           R"({"Text":})",
           R"({"Text":"a)",
           R"({"Text":"a"}})",
           R"({"Text":"a"} x)",
           R"({'Text':"a"})",
           R"({"Text":"a",})",
           "{\"Text\":\"\x01\"}",
           R"({"A":01})",
           R"({"A":NaN})",
           R"({"A":+1})",
           "//\n{}",
           "nul",
       }) {
    ExpectRefused(text, "not valid JSON");
  }
}

TEST(JsonReaderTest, SaysAtWhichByteJsonEnds) {
  ExpectRefused(R"({"Text":"a",})", "at byte 12");
  ExpectRefused(R"({"Text":"a"} x)", "at byte 13");
  ExpectRefused(R"({"Text":"a)", "at byte 10");
}

TEST(JsonReaderTest, RefusesTextThatIsNotUnicode) {
  for (const std::string_view text : {
           R"({"Text":"\ud800"})",
           R"({"Text":"\ud800x"})",
           R"({"Text":"\udc00"})",
           R"({"Text":"\ud800\ud800"})",
           R"({"Text":"\udc00\ud800"})",
           R"({"A":"\ud83d"})",
           "{\"Text\":\"\xff\"}",
           "{\"Text\":\"\xed\xa0\x80\"}",
           "{\"Text\":\"\xc0\xaf\"}",
           "{\"\xff\":1}",
       }) {
    ExpectRefused(text, "not valid JSON");
  }
}

TEST(JsonReaderTest, BoundsTheDepth) {
  const auto nested = [](int depth) {
    return absl::StrCat(R"({"A":)", std::string(depth - 1, '['), std::string(depth - 1, ']'), "}");
  };
  Body body;
  EXPECT_TRUE(ReadJson(nested(kMaxJsonDepth), body).ok());
  ExpectRefused(nested(kMaxJsonDepth + 1), "too deep");
  ExpectRefused(R"({"A":)" + std::string(1'000'000, '['), "too deep");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"Inner":)";
  ExpectRefused(objects, "too deep");
}

// Bodies as random as can be while most of them still are JSON, or almost.
rc::Gen<std::string> Bodies() {
  const auto token = rc::gen::element<std::string>(
      "{", "}", "[", "]", ",", ":", "\"Text\"", "\"a\"", "\"\\u00e9\"", "\"\\ud800\"",
      "\"\xc3\xa9\"", "\"\xc3\"", "\"\\n\"", "1", "-0.5", "01", "1.", "true", "null", " ", "\"",
      "\\");
  const auto tokens = rc::gen::map(rc::gen::container<std::vector<std::string>>(token),
                                   [](const std::vector<std::string>& parts) {
                                     std::string text;
                                     for (const std::string& part : parts) text += part;
                                     return text;
                                   });
  return rc::gen::oneOf(tokens, rc::gen::map(tokens, [](const std::string& text) {
                          return R"({"A":[)" + text + "]}";
                        }));
}

RC_GTEST_PROP(JsonReaderProperty, TakesWhatAnotherParserTakes, ()) {
  const std::string text = *Bodies();
  struct Anything final : ValueReader {
    std::string_view expected() const override { return "anything"; }
    absl::Status OnText(std::string) override { return absl::OkStatus(); }
    absl::Status OnNumber(JsonNumber) override { return absl::OkStatus(); }
    absl::Status OnObject() override { return absl::OkStatus(); }
    absl::Status OnArray() override { return absl::OkStatus(); }
  } anything;
  const bool blank = text.find_first_not_of(' ') == std::string::npos;
  const bool truth = text.find_first_not_of(' ') == text.find("true");  // a bare one is refused
  RC_PRE(blank || !truth);
  RC_ASSERT(ReadJson(text, anything).ok() == (blank || nlohmann::json::accept(text)));
}

TEST(JsonReaderTest, ErrorsQuoteNoValues) {
  EXPECT_THAT(ErrorOf(R"({"Integer":"secret"})").message, Not(HasSubstr("secret")));
  EXPECT_THAT(ErrorOf(R"({"Text":"secret)").message, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace tidemark::gateway
