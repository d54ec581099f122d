#include "services/gateway/wire/json_writer.h"

#include <array>

#include "services/gateway/wire/utf8.h"

namespace tidemark::gateway {
namespace {

// Bytes that stand for themselves inside a JSON string.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> table{};
  for (int c = 0x20; c < 0x80; ++c) table[c] = true;
  table['"'] = table['\\'] = false;
  return table;
}();

void AppendEscape(char c, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      out.append({'\\', 'u', '0', '0', kDigits[(c >> 4) & 15], kDigits[c & 15]});
  }
}

// How many bytes at the beginning of `text` may stand in a JSON string as they are.
std::size_t PlainPrefix(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size()) {
    if (kPlain[static_cast<unsigned char>(text[end])]) {
      ++end;
      continue;
    }
    const std::size_t length = Utf8CharacterLength(text.substr(end));
    if (length < 2) break;
    end += length;
  }
  return end;
}

}  // namespace

void AppendJsonText(std::string_view text, std::string& out) {
  out.push_back('"');
  while (true) {
    const std::size_t plain = PlainPrefix(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      AppendEscape(text.front(), out);
    } else {
      out.append("\xEF\xBF\xBD");
    }
    text.remove_prefix(1);
  }
  out.push_back('"');
}

void AppendJsonTime(const google::protobuf::Timestamp& time, std::string& out) {
  // Before 1970 the fraction counts up from the second below: -1 s and 250 ms is -0.750.
  std::int64_t millis = time.seconds() * 1000 + time.nanos() / 1'000'000;
  if (millis < 0) {
    out.push_back('-');
    millis = -millis;
  }
  out.append(std::to_string(millis / 1000));
  const auto fraction = static_cast<int>(millis % 1000);
  out.append({'.', static_cast<char>('0' + fraction / 100),
              static_cast<char>('0' + fraction / 10 % 10), static_cast<char>('0' + fraction % 10)});
}

}  // namespace tidemark::gateway
