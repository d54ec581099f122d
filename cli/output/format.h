#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

// How values read, for people: in tables and lists. What is absent is "-".
namespace tidemark::cli {

inline constexpr std::string_view kAbsent = "-";

// "512 B", "1.5 MiB", "120 GiB": rounded down, with tenths below 100.
std::string HumanBytes(std::int64_t bytes);

// "0s", "850ms", "42s", "3m 20s", "2h 5m", "4d 3h": the two largest units, rounded down.
std::string HumanDuration(absl::Duration duration);

// "2026-11-26T18:04:05Z": RFC 3339 in UTC, with fractions where there are some.
std::string Rfc3339(absl::Time time);

std::optional<absl::Time> TimeOf(bool present, const google::protobuf::Timestamp& timestamp);
std::string HumanTime(const std::optional<absl::Time>& time);

// The enum value without what its siblings share: ENABLED of STREAMING_STATUS_ENABLED. Empty for
// the value 0, which means absent everywhere; the number for a value that this program doesn't
// know.
std::string EnumName(const google::protobuf::EnumDescriptor& type, int number);

// For people: "in progress" of BULK_PUBLISH_STATE_IN_PROGRESS.
template <typename Enum>
std::string HumanEnum(Enum value);
std::string HumanEnum(const google::protobuf::EnumDescriptor& type, int number);

// Text from elsewhere, fit for a terminal: control characters are shown as \xNN.
std::string Printable(std::string_view text);
// The same, or kAbsent if there is none.
std::string OrAbsent(std::string_view text);

template <typename Enum>
std::string HumanEnum(Enum value) {
  return HumanEnum(*google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

}  // namespace tidemark::cli
