#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace tidemark::aws {

// A time as Signature Version 4 writes it, e.g. 20260102T030405Z: whole seconds, UTC.
class AmzDate {
 public:
  static constexpr std::size_t kSize = 16;

  AmzDate() = default;
  explicit AmzDate(absl::Time time);

  // nullopt unless `text` has exactly this form and names a time that exists.
  static std::optional<AmzDate> Parse(std::string_view text);
  // From a Date header: the preferred form of RFC 9110 section 5.6.7, the same with a numeric zone
  // (botocore's), or the form above.
  static std::optional<AmzDate> ParseHttpDate(std::string_view text);

  absl::Time time() const { return time_; }
  std::string_view text() const { return {text_.data(), text_.size()}; }
  std::string_view day() const { return text().substr(0, 8); }  // 20260102

 private:
  absl::Time time_;
  std::array<char, kSize> text_{};
};

}  // namespace tidemark::aws
