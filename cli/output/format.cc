#include "cli/output/format.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/base/units.h"

namespace tidemark::cli {

std::string HumanBytes(std::int64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < kKiB) return absl::StrCat(bytes, " B");
  std::int64_t tenths = bytes / kKiB * 10 + bytes % kKiB * 10 / kKiB;
  std::size_t unit = 0;
  for (; tenths >= kKiB * 10 && unit + 1 < kUnits.size(); ++unit) tenths /= kKiB;
  if (tenths >= 1000) return absl::StrCat(tenths / 10, " ", kUnits[unit]);
  return absl::StrCat(tenths / 10, ".", tenths % 10, " ", kUnits[unit]);
}

std::string HumanDuration(absl::Duration duration) {
  constexpr std::array<std::pair<const char*, std::int64_t>, 4> kUnits = {
      {{"d", 86'400}, {"h", 3'600}, {"m", 60}, {"s", 1}}};
  if (duration <= absl::ZeroDuration()) return "0s";
  if (duration < absl::Seconds(1)) {
    return absl::StrCat(std::max<std::int64_t>(1, absl::ToInt64Milliseconds(duration)), "ms");
  }
  const std::int64_t seconds = absl::ToInt64Seconds(duration);
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    const auto [unit, size] = kUnits[i];
    if (seconds < size) continue;
    std::string text = absl::StrCat(seconds / size, unit);
    if (i + 1 == kUnits.size()) return text;
    const auto [next, next_size] = kUnits[i + 1];
    const std::int64_t rest = seconds % size / next_size;
    if (rest > 0) absl::StrAppend(&text, " ", rest, next);
    return text;
  }
  return "0s";
}

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

std::optional<absl::Time> TimeOf(bool present, const google::protobuf::Timestamp& timestamp) {
  if (!present) return std::nullopt;
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

std::string HumanTime(const std::optional<absl::Time>& time) {
  if (!time) return std::string(kAbsent);
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", *time, absl::UTCTimeZone());
}

std::string EnumName(const google::protobuf::EnumDescriptor& type, int number) {
  if (number == 0) return "";
  const google::protobuf::EnumValueDescriptor* value = type.FindValueByNumber(number);
  if (value == nullptr) return absl::StrCat(number);
  // By Protobuf's style guide the value 0 is PREFIX_UNSPECIFIED.
  constexpr std::string_view kUnspecified = "UNSPECIFIED";
  const std::string& zero = type.FindValueByNumber(0)->name();
  return value->name().substr(zero.size() - kUnspecified.size());
}

std::string HumanEnum(const google::protobuf::EnumDescriptor& type, int number) {
  if (number == 0) return std::string(kAbsent);
  return absl::AsciiStrToLower(absl::StrReplaceAll(EnumName(type, number), {{"_", " "}}));
}

std::string Printable(std::string_view text) {
  std::string printable;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppendFormat(&printable, "\\x%02x", byte);
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {  // C1 controls, in UTF-8
      absl::StrAppendFormat(&printable, "\\x%02x", next);
      ++i;
    } else {
      printable += text[i];
    }
  }
  return printable;
}

std::string OrAbsent(std::string_view text) {
  return text.empty() ? std::string(kAbsent) : Printable(text);
}

}  // namespace tidemark::cli
