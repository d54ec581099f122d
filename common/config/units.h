#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// How values are written in flags, environment and configuration files. Errors are one clause
// without the option's name, such as "not a duration: \"5 parsecs\"; write 250ms, 30s, 5m or 1h".
namespace tidemark::config {

// "250ms", "1.5s", "1h30m", or "0". A number without unit is refused. Never negative or infinite.
absl::StatusOr<absl::Duration> ParseDuration(std::string_view text);

// Bytes: "512B", "64KiB", "8MiB", "2GiB", "1TiB", or a plain number of bytes.
absl::StatusOr<std::int64_t> ParseByteSize(std::string_view text);
// In the largest unit that divides `bytes`.
std::string FormatByteSize(std::int64_t bytes);

absl::StatusOr<std::int64_t> ParseInteger(std::string_view text);

// "true" or "false" (also 1, 0, yes, no, on, off).
absl::StatusOr<bool> ParseBool(std::string_view text);

// Where to listen or to connect.
struct Address {
  std::string host = "127.0.0.1";  // name, IPv4, or IPv6 without brackets
  int port = 0;                    // 0..65535; 0 = any free one, when listening

  friend bool operator==(const Address&, const Address&) = default;
};

// "host:port", "[::1]:7001".
absl::StatusOr<Address> ParseAddress(std::string_view text);
// The same form.
std::string FormatAddress(const Address& address);

}  // namespace tidemark::config
