#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace tidemark::aws {

// Whether `name` can be a bucket's: 3-63 of a-z, 0-9, '-' and '.', letters or digits at both ends
// and around dots, and no IPv4 address
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
// INVALID_ARGUMENT says what it must be like, in words that go behind the name.
absl::Status CheckBucketName(std::string_view name);

}  // namespace tidemark::aws
