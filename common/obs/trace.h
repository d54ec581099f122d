#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/random.h"

namespace tidemark::obs {

// A W3C trace context, level 1 (https://www.w3.org/TR/trace-context/): which trace something
// belongs to, and which span of it.
struct TraceContext {
  std::string trace_id;    // 32 lower-case hexadecimal digits, not all zero
  std::string span_id;     // 16, not all zero
  std::uint8_t flags = 0;  // bit 0: sampled

  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// Reads a `traceparent` header. Nothing for one that the recommendation tells to ignore; the reader
// then starts a trace of its own.
std::optional<TraceContext> ParseTraceparent(std::string_view header);
std::string FormatTraceparent(const TraceContext& context);

// The first span of a new, unsampled trace.
TraceContext NewTrace(Random& random);

// A new span of the same trace.
TraceContext ChildOf(const TraceContext& parent, Random& random);

}  // namespace tidemark::obs
