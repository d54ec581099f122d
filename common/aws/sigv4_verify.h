#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/aws/amz_date.h"
#include "common/aws/authorization_header.h"
#include "common/aws/credentials.h"
#include "common/aws/http_message.h"
#include "common/aws/signing_key.h"
#include "common/aws/uri.h"
#include "common/base/clock.h"

namespace tidemark::aws {

// Why a request is not authenticated.
enum class AuthError {
  kNone,
  kMissingAuthenticationToken,  // no Authorization header
  kIncompleteSignature,         // the headers are not a complete, well-formed signature
  kInvalidSignature,            // wrong scope, clock, body hash or signature
  kUnrecognizedClient,          // no such access key, or the session token is not its own
  kExpiredToken,                // the session token was valid once
  kUnavailable,                 // the secret could not be looked up now
};

// Amazon's error name, e.g. "InvalidSignatureException", and the HTTP status it comes with (AWS,
// "Common error types"). kNone has "" and 200.
std::string_view AmazonErrorName(AuthError error);
int HttpStatusOf(AuthError error);

// The outcome of a step. `message` is for the client: it says what was expected, but neither a
// secret nor a signature.
struct AuthOutcome {
  AuthError error = AuthError::kNone;
  std::string message;

  bool ok() const { return error == AuthError::kNone; }
};

// What a signed request claims, before the signature is checked. Views of the request. Means
// nothing after a failed ReadClaim.
struct SignatureClaim {
  AuthorizationHeader authorization;
  AmzDate date;
  std::string_view session_token;   // empty if there is none
  std::string_view content_sha256;  // as sent; empty if it was not
};

// What is known of an access key.
struct SecretLookupResult {
  enum class State { kFound, kUnknown, kExpired, kUnavailable };
  State state = State::kUnknown;
  Secret secret;  // for kFound
};

// Looks secrets up. Safe for concurrent use.
class SecretLookup {
 public:
  virtual ~SecretLookup() = default;
  // kUnknown as well if `session_token` (empty: none was sent) does not belong to the key.
  virtual SecretLookupResult Find(std::string_view access_key_id,
                                  std::string_view session_token) const = 0;
};

// Verifies requests signed with AWS Signature Version 4, header form. Safe for concurrent use.
//
// Where the secret comes from elsewhere than memory, call ReadClaim, look the secret up, and call
// CheckSignature; Verify is the three at once.
class SigV4Verifier {
 public:
  struct Options {
    std::string region;
    std::string service;
    // How far a request's clock may be from ours, either way; AWS takes 15 minutes.
    absl::Duration max_clock_skew = absl::Minutes(15);
    // Takes x-amz-content-sha256: UNSIGNED-PAYLOAD, which leaves the body out of the signature, as
    // S3 does over TLS.
    bool accept_unsigned_payload = false;
  };

  // `clock` must outlive the verifier.
  SigV4Verifier(Options options, const Clock& clock);

  // Reads the headers alone (the body may still be on its way) and checks all that needs no secret:
  // form, scope, clock, and that Host, the date and x-amz-security-token are signed. Of other
  // headers, those that the client chose to sign are.
  AuthOutcome ReadClaim(const RequestView& request, SignatureClaim& claim) const;

  // Checks body hash and signature; both must come from the same `request` as the claim.
  AuthOutcome CheckSignature(const RequestView& request, const SignatureClaim& claim,
                             const Secret& secret);

  AuthOutcome Verify(const RequestView& request, const SecretLookup& secrets,
                     SignatureClaim& claim);

 private:
  AuthOutcome CheckScope(const CredentialScope& scope) const;
  AuthOutcome CheckClock(const AmzDate& date) const;

  const Options options_;
  const PathRule path_rule_;
  const Clock& clock_;
  SigningKeyCache keys_;
};

}  // namespace tidemark::aws
