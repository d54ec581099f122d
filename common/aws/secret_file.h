#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/aws/credentials.h"

namespace tidemark::aws {

// What the file holds, without white space at its ends. The system's error if it can't be read;
// INVALID_ARGUMENT if it is empty, over 64 KiB, or holds control characters. Errors name the path.
absl::StatusOr<Secret> ReadSecretFile(const std::string& path);

}  // namespace tidemark::aws
