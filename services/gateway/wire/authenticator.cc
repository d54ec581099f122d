#include "services/gateway/wire/authenticator.h"

#include "absl/container/inlined_vector.h"
#include "services/gateway/wire/amazon_error.h"

namespace tidemark::gateway {
namespace {

constexpr std::string_view kService = "cognito-sync";

ErrorName NameOf(aws::AuthError error) {
  switch (error) {
    case aws::AuthError::kMissingAuthenticationToken:
      return ErrorName::kMissingAuthenticationToken;
    case aws::AuthError::kIncompleteSignature:
      return ErrorName::kIncompleteSignature;
    case aws::AuthError::kInvalidSignature:
      return ErrorName::kInvalidSignature;
    case aws::AuthError::kUnrecognizedClient:
      return ErrorName::kUnrecognizedClient;
    case aws::AuthError::kExpiredToken:
      return ErrorName::kExpiredToken;
    case aws::AuthError::kUnavailable:
      return ErrorName::kServiceUnavailable;
    case aws::AuthError::kNone:
      break;
  }
  return ErrorName::kInternalError;
}

absl::Status ToStatus(const aws::AuthOutcome& outcome) {
  return outcome.ok() ? absl::OkStatus() : WireError(NameOf(outcome.error), outcome.message);
}

// The verifier's view of a request; keeps the headers.
class SignedRequest {
 public:
  explicit SignedRequest(const HttpRequest& request) {
    for (const HttpHeader& header : request.headers) {
      headers_.push_back({header.name, header.value});
    }
    view_ = {.method = request.method,
             .target = request.target,
             .headers = headers_,
             .body = request.body};
  }

  const aws::RequestView& view() const { return view_; }

 private:
  absl::InlinedVector<aws::HeaderView, 24> headers_;
  aws::RequestView view_;
};

// Whether the signature stands in the query, where a link could carry it.
bool IsPresigned(const HttpRequest& request) {
  const std::size_t query = request.target.find('?');
  return query != std::string_view::npos && request.Header("authorization").empty() &&
         request.target.find("X-Amz-Signature=", query) != std::string_view::npos;
}

absl::Status RefusePresigned() {
  return WireError(ErrorName::kMissingAuthenticationToken,
                   "Missing Authentication Token: presigned URLs are not accepted; sign the "
                   "request with AWS Signature Version 4 in an Authorization header");
}

}  // namespace

Authenticator::Authenticator(const Options& options, const Clock& clock,
                             const aws::SecretLookup& keys)
    : verifier_({.region = options.region,
                 .service = std::string(kService),
                 .max_clock_skew = options.max_clock_skew},
                clock),
      keys_(keys) {}

absl::Status Authenticator::CheckHead(const HttpRequest& request) const {
  if (IsPresigned(request)) return RefusePresigned();
  aws::SignatureClaim claim;
  const SignedRequest signed_request(request);
  const aws::AuthOutcome outcome = verifier_.ReadClaim(signed_request.view(), claim);
  if (!outcome.ok()) return ToStatus(outcome);
  using State = aws::SecretLookupResult::State;
  if (keys_.Find(claim.authorization.access_key_id, claim.session_token).state == State::kUnknown) {
    return WireError(ErrorName::kUnrecognizedClient,
                     "The security token included in the request is invalid.");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Authenticator::Authenticate(const HttpRequest& request) {
  if (IsPresigned(request)) return RefusePresigned();
  aws::SignatureClaim claim;
  const SignedRequest signed_request(request);
  const aws::AuthOutcome outcome = verifier_.Verify(signed_request.view(), keys_, claim);
  if (!outcome.ok()) return ToStatus(outcome);
  return std::string(claim.authorization.access_key_id);
}

}  // namespace tidemark::gateway
