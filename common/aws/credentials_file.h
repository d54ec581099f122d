#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/aws/credentials.h"

// AWS's shared credentials file (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html):
//
//   [alice]
//   aws_access_key_id = AKIDALICE
//   aws_secret_access_key = ...
//
// Other settings are passed over. Lines starting with '#' or ';' are comments; there are none
// behind a value. A line that starts with white space belongs to the setting above it (nested
// settings) and is passed over.
namespace tidemark::aws {

struct CredentialsProfile {
  std::string name;
  Credentials credentials;
};

// The profiles of `text` that hold a key, in order. INVALID_ARGUMENT names `source` and the line of
// the first fault, never a value: a line that is neither section, setting nor comment, a setting
// before the first section, a section or setting given twice, one half of a key.
absl::StatusOr<std::vector<CredentialsProfile>> ParseCredentialsFile(std::string_view text,
                                                                     std::string_view source);

// Reads and parses the file at `path`. NOT_FOUND or PERMISSION_DENIED if it can't be read,
// INVALID_ARGUMENT if it is over 1 MiB or as above.
absl::StatusOr<std::vector<CredentialsProfile>> LoadCredentialsFile(const std::string& path);

}  // namespace tidemark::aws
