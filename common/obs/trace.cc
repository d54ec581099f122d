#include "common/obs/trace.h"

#include <algorithm>
#include <array>

#include "common/base/sha256.h"

namespace tidemark::obs {
namespace {

// "00-" trace id "-" span id "-" flags
constexpr std::size_t kTraceAt = 3;
constexpr std::size_t kTraceDigits = 32;
constexpr std::size_t kSpanAt = kTraceAt + kTraceDigits + 1;
constexpr std::size_t kSpanDigits = 16;
constexpr std::size_t kFlagsAt = kSpanAt + kSpanDigits + 1;
constexpr std::size_t kLength = kFlagsAt + 2;
constexpr std::uint8_t kSampled = 1;

bool IsHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsId(std::string_view text) {
  return IsHex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

int HexDigit(char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; }

template <std::size_t kBytes>
std::string RandomId(Random& random) {
  std::array<std::uint8_t, kBytes> bytes;
  do {
    random.Fill(bytes);
  } while (std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; }));
  return Hex(bytes);
}

}  // namespace

std::optional<TraceContext> ParseTraceparent(std::string_view header) {
  if (header.size() < kLength) return std::nullopt;
  const std::string_view version = header.substr(0, 2);
  if (!IsHex(version) || version == "ff") return std::nullopt;
  // Version 00 ends here; a later one may go on after a dash.
  if (header.size() > kLength && (version == "00" || header[kLength] != '-')) return std::nullopt;
  if (header[2] != '-' || header[kSpanAt - 1] != '-' || header[kFlagsAt - 1] != '-') {
    return std::nullopt;
  }
  const std::string_view trace = header.substr(kTraceAt, kTraceDigits);
  const std::string_view span = header.substr(kSpanAt, kSpanDigits);
  const std::string_view flags = header.substr(kFlagsAt, 2);
  if (!IsId(trace) || !IsId(span) || !IsHex(flags)) return std::nullopt;
  return TraceContext{std::string(trace), std::string(span),
                      static_cast<std::uint8_t>(HexDigit(flags[0]) * 16 + HexDigit(flags[1]))};
}

std::string FormatTraceparent(const TraceContext& context) {
  const bool sampled = (context.flags & kSampled) != 0;
  return "00-" + context.trace_id + "-" + context.span_id + (sampled ? "-01" : "-00");
}

TraceContext NewTrace(Random& random) { return {RandomId<16>(random), RandomId<8>(random), 0}; }

TraceContext ChildOf(const TraceContext& parent, Random& random) {
  return {parent.trace_id, RandomId<8>(random), parent.flags};
}

}  // namespace tidemark::obs
