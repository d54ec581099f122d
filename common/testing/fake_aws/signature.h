#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/aws/authorization_header.h"
#include "common/testing/fake_aws/http_server.h"
#include "common/testing/fake_aws/iam.h"

// Signature Version 4 as AWS verifies it, in headers and in presigned URLs.
namespace tidemark::fake_aws {

// Why a call is not let in; each API has its own name for each (auth_error.h).
enum class AuthFailure {
  kMissing,         // it is not signed
  kIncomplete,      // the signature lacks a part, or one has the wrong form
  kBadQuery,        // the same in a presigned URL
  kWrongScope,      // for another region
  kSkewed,          // its clock is too far from ours
  kUrlExpired,      // a presigned URL, past its time or before it
  kUnsignedHeader,  // a header that must be signed is not
  kUnknownKey,
  kWrongToken,  // the session token is another's
  kExpiredToken,
  kBodyHash,        // x-amz-content-sha256 is not the body's, or not there where it must be
  kWrongSignature,  // all else is well
  kNotAllowed,      // by what the role may do
};

struct AuthRefusal {
  AuthFailure failure;
  std::string message;
};

// What a request says about itself. Holds what the views point to: not to be copied.
struct Signature {
  std::string authorization;  // the header; of a presigned URL, what it would be
  aws::AuthorizationHeader parsed;
  bool presigned = false;
  std::string date;
  std::string expires;  // of a presigned URL
  std::string session_token;
  std::string target;  // without the signature
};

// Whether the request is signed at all, and the service in its credential scope; empty if not.
std::string ServiceInScope(const ServerRequest& request);

// How far a request's clock may be from AWS's.
inline constexpr absl::Duration kMaxSkew = absl::Minutes(15);

// Checks all of it and tells who calls, or why not. Of keys that are taken unverified, nothing is
// checked.
std::optional<AuthRefusal> Authenticate(const ServerRequest& request, std::string_view region,
                                        std::string_view service, absl::Time now,
                                        const FakeIam& iam, Caller& caller);

}  // namespace tidemark::fake_aws
