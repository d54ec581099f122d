#include "common/base/json_string.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <string_view>

namespace tidemark {
namespace {

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

TEST(JsonStringTest, EscapesWhatJsonCannotHoldAndLeavesTheRest) {
  EXPECT_EQ(Quote("a\"b\\c\n\t\r\b\f"), R"("a\"b\\c\n\t\r\b\f")");
  EXPECT_EQ(Quote(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(Quote("/ \u00e9 \u2028 \U0001F600"), "\"/ \u00e9 \u2028 \U0001F600\"");
}

RC_GTEST_PROP(JsonStringPropertyTest, AStringReadsBackAsItWas, (const std::string& text)) {
  RC_ASSERT(Unquote(Quote(text)) == text);
}

}  // namespace
}  // namespace tidemark
