#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/aws/credentials.h"
#include "common/aws/endpoint.h"

namespace tidemark::aws {

// The longest lifetime of a presigned URL
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
inline constexpr absl::Duration kMaxPresignedLifetime = absl::Hours(7 * 24);

// Where an object of S3 is.
struct S3Location {
  Endpoint endpoint;
  std::string target;  // percent-encoded path
};

// At `overridden`, where that is given, the bucket is the path's first part; at AWS's own endpoint
// it is the host's, unless its name holds a dot, which AWS's certificate would not cover.
S3Location LocateObject(const Endpoint* overridden, std::string_view region,
                        std::string_view bucket, std::string_view key);

// A URL with which anybody may read the object from `now` on for `lifetime` (cut to whole seconds),
// but never longer than `credentials` live: the caller sees to that. It needs no call. Signature
// Version 4 in the query, with an unsigned payload; a secret to all but those it is meant for.
// INVALID_ARGUMENT unless `lifetime` is 1 s to kMaxPresignedLifetime.
absl::StatusOr<std::string> PresignGet(const S3Location& location, std::string_view region,
                                       const Credentials& credentials, absl::Time now,
                                       absl::Duration lifetime);

}  // namespace tidemark::aws
