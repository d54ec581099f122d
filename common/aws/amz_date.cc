#include "common/aws/amz_date.h"

#include <algorithm>
#include <string>

#include "absl/time/civil_time.h"
#include "common/base/abseil.h"

namespace tidemark::aws {
namespace {

void WriteNumber(int value, char* out, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

// The number of `digits` digits at `text`, or -1.
int ReadNumber(const char* text, int digits) {
  int value = 0;
  for (int i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

AmzDate::AmzDate(absl::Time time) {
  const absl::CivilSecond civil = absl::ToCivilSecond(time, absl::UTCTimeZone());
  time_ = absl::FromCivil(civil, absl::UTCTimeZone());
  char* out = text_.data();
  WriteNumber(static_cast<int>(civil.year()), out, 4);
  WriteNumber(civil.month(), out + 4, 2);
  WriteNumber(civil.day(), out + 6, 2);
  out[8] = 'T';
  WriteNumber(civil.hour(), out + 9, 2);
  WriteNumber(civil.minute(), out + 11, 2);
  WriteNumber(civil.second(), out + 13, 2);
  out[15] = 'Z';
}

std::optional<AmzDate> AmzDate::Parse(std::string_view text) {
  if (text.size() != kSize || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const int year = ReadNumber(text.data(), 4);
  const int month = ReadNumber(text.data() + 4, 2);
  const int day = ReadNumber(text.data() + 6, 2);
  const int hour = ReadNumber(text.data() + 9, 2);
  const int minute = ReadNumber(text.data() + 11, 2);
  const int second = ReadNumber(text.data() + 13, 2);
  if (std::min({year, month, day, hour, minute, second}) < 0) return std::nullopt;
  const absl::CivilSecond civil(year, month, day, hour, minute, second);
  AmzDate date(absl::FromCivil(civil, absl::UTCTimeZone()));
  if (date.text() != text) return std::nullopt;  // was no such time, e.g. 31 February
  return date;
}

std::optional<AmzDate> AmzDate::ParseHttpDate(std::string_view text) {
  if (std::optional<AmzDate> date = Parse(text)) return date;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", ToAbsl(text), &time, &error) &&
      !absl::ParseTime("%a, %d %b %Y %H:%M:%S %z", ToAbsl(text), &time, &error)) {
    return std::nullopt;
  }
  const int year = static_cast<int>(absl::ToCivilYear(time, absl::UTCTimeZone()).year());
  if (year < 0 || year > 9999) return std::nullopt;
  return AmzDate(time);
}

}  // namespace tidemark::aws
