#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"

// The target of a request, taken apart. Split first, decode then: an escaped slash is not one.
namespace tidemark::gateway {

struct RequestTarget {
  absl::InlinedVector<std::string_view, 10> segments;  // "/a//b" is "a", "", "b"; still encoded
  std::string_view query;                              // without '?'; still encoded
};

// Views of `target`.
RequestTarget SplitTarget(std::string_view target);

// A path segment decoded. InvalidParameterException, naming `field`, for malformed escapes, bytes
// that are not UTF-8, and the segments "." and "..": signatures leave those two out, so a request
// signed for one path could be sent to another. They can be sent percent-encoded.
absl::StatusOr<std::string> DecodeSegment(std::string_view field, std::string_view segment);

// Parameters of a query string. A name that occurs twice, malformed escapes and numbers that are
// none are SerializationExceptions, which name the parameter as Amazon's model does; unknown
// parameters are nobody's business. '+' is a space.
class QueryParameters {
 public:
  // Views `query`.
  explicit QueryParameters(std::string_view query) : query_(query) {}

  // Nothing if absent.
  absl::StatusOr<std::optional<std::string>> Text(std::string_view name) const;
  absl::StatusOr<std::optional<std::int64_t>> Integer64(std::string_view name) const;
  absl::StatusOr<std::optional<std::int32_t>> Integer32(std::string_view name) const;

 private:
  template <typename Number>
  absl::StatusOr<std::optional<Number>> Integer(std::string_view name) const;

  std::string_view query_;
};

}  // namespace tidemark::gateway
