#include "common/config/units.h"

#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/base/units.h"

namespace tidemark::config {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> kSizeUnits = {{
    {"TiB", kMiB* kMiB},
    {"GiB", kKiB* kMiB},
    {"MiB", kMiB},
    {"KiB", kKiB},
    {"B", 1},
}};

absl::Status Fault(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

absl::StatusOr<int> ParsePort(std::string_view text) {
  int port = 0;
  if (text.empty() || text.find_first_not_of("0123456789") != text.npos ||
      !absl::SimpleAtoi(ToAbsl(text), &port) || port > 65535) {
    return Fault("the port is not a number of 0..65535");
  }
  return port;
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDuration(std::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(ToAbsl(text), &duration) || duration < absl::ZeroDuration() ||
      duration == absl::InfiniteDuration()) {
    return Fault("not a duration; write 250ms, 1.5s, 5m or 1h30m");
  }
  return duration;
}

absl::StatusOr<std::int64_t> ParseByteSize(std::string_view text) {
  std::int64_t unit = 1;
  std::string_view digits = text;
  for (const auto& [suffix, bytes] : kSizeUnits) {
    if (digits.ends_with(suffix)) {
      digits.remove_suffix(suffix.size());
      unit = bytes;
      break;
    }
  }
  std::int64_t count = 0;
  std::int64_t size = 0;
  if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos ||
      !absl::SimpleAtoi(ToAbsl(digits), &count) || __builtin_mul_overflow(count, unit, &size)) {
    return Fault("not a size; write 65536, 512B, 64KiB, 8MiB or 2GiB");
  }
  return size;
}

std::string FormatByteSize(std::int64_t bytes) {
  for (const auto& [suffix, unit] : kSizeUnits) {
    if (bytes != 0 && bytes % unit == 0) return absl::StrCat(bytes / unit, ToAbsl(suffix));
  }
  return absl::StrCat(bytes, "B");
}

absl::StatusOr<std::int64_t> ParseInteger(std::string_view text) {
  std::int64_t number = 0;
  if (!absl::SimpleAtoi(ToAbsl(text), &number)) return Fault("not a whole number");
  return number;
}

absl::StatusOr<bool> ParseBool(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (text == no) return false;
  }
  return Fault("neither true nor false");
}

absl::StatusOr<Address> ParseAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return Fault("not an address; write host:port");
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    return Fault("write an IPv6 address in brackets: [::1]:port");
  }
  if (host.empty() || host.find_first_of(" /[]") != host.npos) {
    return Fault("not an address; write host:port");
  }
  TM_ASSIGN_OR_RETURN(const int port, ParsePort(text.substr(colon + 1)));
  return Address{std::string(host), port};
}

std::string FormatAddress(const Address& address) {
  const bool ipv6 = address.host.find(':') != std::string::npos;
  return absl::StrCat(ipv6 ? "[" : "", address.host, ipv6 ? "]:" : ":", address.port);
}

}  // namespace tidemark::config
