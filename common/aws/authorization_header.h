#pragma once

#include <string_view>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "common/aws/signing_key.h"

namespace tidemark::aws {

// The parts of an Authorization header; views of its bytes.
struct AuthorizationHeader {
  std::string_view access_key_id;
  CredentialScope scope;
  absl::InlinedVector<std::string_view, 16> signed_headers;  // lower-case, sorted, distinct
  std::string_view signature;                                // 64 lower-case hexadecimal digits
};

// More signed headers than this are refused: each costs a pass over the request's headers.
inline constexpr std::size_t kMaxSignedHeaders = 64;

// Parses "AWS4-HMAC-SHA256 Credential=ID/DAY/REGION/SERVICE/aws4_request, SignedHeaders=a;b,
// Signature=HEX": the three parts in any order, each once, white space around the commas optional.
// INVALID_ARGUMENT says what is wrong, without repeating the header.
absl::StatusOr<AuthorizationHeader> ParseAuthorization(std::string_view value);

}  // namespace tidemark::aws
