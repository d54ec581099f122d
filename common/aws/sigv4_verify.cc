#include "common/aws/sigv4_verify.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/aws/canonical_request.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"

namespace tidemark::aws {
namespace {

constexpr std::size_t kCachedKeys = 8192;

AuthOutcome Incomplete(std::string message) {
  return {AuthError::kIncompleteSignature, std::move(message)};
}

AuthOutcome Invalid(std::string message) {
  return {AuthError::kInvalidSignature, std::move(message)};
}

// A header that decides something must be there at most once: of two, which one counts?
struct Header {
  int count = 0;
  std::string_view value;
};

Header Find(const RequestView& request, std::string_view name) {
  Header found;
  for (const HeaderView& header : request.headers) {
    if (!EqualsIgnoreCase(header.name, name)) continue;
    if (found.count++ == 0) found.value = header.value;
  }
  return found;
}

AuthOutcome FindOnce(const RequestView& request, std::string_view name, Header& header) {
  header = Find(request, name);
  if (header.count <= 1) return {};
  return Incomplete(absl::StrCat("the request has ", header.count, " ", ToAbsl(name), " headers"));
}

bool IsSigned(const SignatureClaim& claim, std::string_view name) {
  const auto& names = claim.authorization.signed_headers;
  return std::binary_search(names.begin(), names.end(), name);
}

AuthOutcome RequireSigned(const SignatureClaim& claim, std::string_view name) {
  if (IsSigned(claim, name)) return {};
  return Incomplete(absl::StrCat("SignedHeaders must include ", ToAbsl(name)));
}

AuthOutcome ReadAuthorization(const RequestView& request, SignatureClaim& claim) {
  Header header;
  if (AuthOutcome outcome = FindOnce(request, "authorization", header); !outcome.ok()) {
    return outcome;
  }
  if (header.count == 0) {
    return {AuthError::kMissingAuthenticationToken,
            "Missing Authentication Token: sign the request with AWS Signature Version 4 in an "
            "Authorization header"};
  }
  absl::StatusOr<AuthorizationHeader> parsed = ParseAuthorization(header.value);
  if (!parsed.ok()) {
    return Incomplete(absl::StrCat("Authorization header: ", parsed.status().message()));
  }
  claim.authorization = *std::move(parsed);
  return RequireSigned(claim, "host");
}

// x-amz-date wins over Date, which browsers can't set.
AuthOutcome ReadDate(const RequestView& request, SignatureClaim& claim) {
  std::string_view name = "x-amz-date";
  Header header;
  if (AuthOutcome outcome = FindOnce(request, name, header); !outcome.ok()) return outcome;
  if (header.count == 0) {
    name = "date";
    if (AuthOutcome outcome = FindOnce(request, name, header); !outcome.ok()) return outcome;
  }
  if (header.count == 0) return Incomplete("the request needs an X-Amz-Date or a Date header");
  const std::optional<AmzDate> date =
      name == "date" ? AmzDate::ParseHttpDate(header.value) : AmzDate::Parse(header.value);
  if (!date) {
    return Incomplete(
        absl::StrCat("the ", ToAbsl(name), " header is not a time like ", "20260102T030405Z"));
  }
  claim.date = *date;
  if (claim.date.day() != claim.authorization.scope.day) {
    return Invalid(absl::StrCat("the day in Credential is not that of the ", ToAbsl(name),
                                " header, ", ToAbsl(claim.date.day())));
  }
  return RequireSigned(claim, name);
}

AuthOutcome ReadAmzHeaders(const RequestView& request, SignatureClaim& claim) {
  Header token;
  if (AuthOutcome outcome = FindOnce(request, "x-amz-security-token", token); !outcome.ok()) {
    return outcome;
  }
  if (token.count > 0) {
    if (AuthOutcome outcome = RequireSigned(claim, "x-amz-security-token"); !outcome.ok()) {
      return outcome;
    }
    claim.session_token = token.value;
  }
  Header hash;
  if (AuthOutcome outcome = FindOnce(request, "x-amz-content-sha256", hash); !outcome.ok()) {
    return outcome;
  }
  claim.content_sha256 = hash.value;
  return {};
}

// The Unity SDK signs GET and DELETE with the hash of "{}" and sends no body (contract section 1).
bool IsUnityQuirk(const RequestView& request, std::string_view hash) {
  static constexpr std::string_view kHashOfBraces =
      "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
  return request.body.empty() && hash == kHashOfBraces &&
         (request.method == "GET" || request.method == "DELETE");
}

// What a client got wrong, for the developer who has to find it; the signature is known to differ.
AuthOutcome Mismatch(const RequestView& request, const SignatureClaim& claim) {
  for (const std::string_view name : claim.authorization.signed_headers) {
    if (Find(request, name).count > 0) continue;
    return Invalid(absl::StrCat("SignedHeaders names ", errors::Excerpt(name),
                                ", which the request does not have; did a proxy remove it?"));
  }
  return Invalid(
      "The request signature we calculated does not match the signature you provided. Check your "
      "secret access key, and that nothing on the way changes the method, path, query, body or "
      "signed headers.");
}

}  // namespace

std::string_view AmazonErrorName(AuthError error) {
  switch (error) {
    case AuthError::kNone:
      return "";
    case AuthError::kMissingAuthenticationToken:
      return "MissingAuthenticationTokenException";
    case AuthError::kIncompleteSignature:
      return "IncompleteSignatureException";
    case AuthError::kInvalidSignature:
      return "InvalidSignatureException";
    case AuthError::kUnrecognizedClient:
      return "UnrecognizedClientException";
    case AuthError::kExpiredToken:
      return "ExpiredTokenException";
    case AuthError::kUnavailable:
      return "ServiceUnavailableException";
  }
  return "";
}

int HttpStatusOf(AuthError error) {
  switch (error) {
    case AuthError::kNone:
      return 200;
    case AuthError::kIncompleteSignature:
      return 400;
    case AuthError::kUnavailable:
      return 503;
    default:
      return 403;
  }
}

SigV4Verifier::SigV4Verifier(Options options, const Clock& clock)
    : options_(std::move(options)),
      path_rule_(options_.service == "s3" ? PathRule::kAsSent : PathRule::kEncodeAgain),
      clock_(clock),
      keys_(kCachedKeys) {}

AuthOutcome SigV4Verifier::ReadClaim(const RequestView& request, SignatureClaim& claim) const {
  claim.session_token = {};
  if (AuthOutcome outcome = ReadAuthorization(request, claim); !outcome.ok()) return outcome;
  if (AuthOutcome outcome = CheckScope(claim.authorization.scope); !outcome.ok()) return outcome;
  if (AuthOutcome outcome = ReadDate(request, claim); !outcome.ok()) return outcome;
  if (AuthOutcome outcome = CheckClock(claim.date); !outcome.ok()) return outcome;
  return ReadAmzHeaders(request, claim);
}

AuthOutcome SigV4Verifier::CheckScope(const CredentialScope& scope) const {
  if (scope.region != options_.region) {
    return Invalid(absl::StrCat("Credential should be scoped to region '", options_.region,
                                "', not '", errors::Excerpt(scope.region), "'."));
  }
  if (scope.service != options_.service) {
    return Invalid(absl::StrCat("Credential should be scoped to service '", options_.service,
                                "', not '", errors::Excerpt(scope.service), "'."));
  }
  return {};
}

AuthOutcome SigV4Verifier::CheckClock(const AmzDate& date) const {
  const absl::Time now = clock_.Now();
  const absl::Duration skew = options_.max_clock_skew;
  const bool late = date.time() < now - skew;
  if (!late && date.time() <= now + skew) return {};
  // The form of AWS's own message: SDKs read our time out of the brackets to correct theirs.
  return Invalid(absl::StrCat(
      late ? "Signature expired: " : "Signature not yet current: ", ToAbsl(date.text()),
      late ? " is now earlier than " : " is still later than ",
      ToAbsl(AmzDate(late ? now - skew : now + skew).text()), " (", ToAbsl(AmzDate(now).text()),
      late ? " - " : " + ", absl::ToInt64Minutes(skew), " min.)"));
}

AuthOutcome SigV4Verifier::CheckSignature(const RequestView& request, const SignatureClaim& claim,
                                          const Secret& secret) {
  std::string computed_hash;
  std::string_view payload_hash = claim.content_sha256;
  if (payload_hash != kUnsignedPayload || !options_.accept_unsigned_payload) {
    computed_hash = Hex(Sha256(request.body));
    if (payload_hash.empty()) {
      payload_hash = computed_hash;
    } else if (payload_hash != computed_hash && !IsUnityQuirk(request, payload_hash)) {
      return Invalid("x-amz-content-sha256 is not the SHA-256 of the body received");
    }
  }
  std::string canonical;
  canonical.reserve(1024);
  AppendCanonicalRequest(request, claim.authorization.signed_headers, path_rule_, payload_hash,
                         canonical);
  const CredentialScope& scope = claim.authorization.scope;
  const Sha256Digest key = keys_.Get(claim.authorization.access_key_id, secret.Reveal(), scope);
  const std::string expected = SignCanonicalRequest(canonical, claim.date, scope, key);
  if (ConstantTimeEqual(expected, claim.authorization.signature)) return {};
  return Mismatch(request, claim);
}

AuthOutcome SigV4Verifier::Verify(const RequestView& request, const SecretLookup& secrets,
                                  SignatureClaim& claim) {
  if (AuthOutcome outcome = ReadClaim(request, claim); !outcome.ok()) return outcome;
  using State = SecretLookupResult::State;
  const SecretLookupResult found =
      secrets.Find(claim.authorization.access_key_id, claim.session_token);
  switch (found.state) {
    case State::kFound:
      return CheckSignature(request, claim, found.secret);
    case State::kUnknown:
      return {AuthError::kUnrecognizedClient,
              "The security token included in the request is invalid."};
    case State::kExpired:
      return {AuthError::kExpiredToken, "The security token included in the request is expired"};
    case State::kUnavailable:
      break;
  }
  return {AuthError::kUnavailable, "credentials can't be looked up now; try again"};
}

}  // namespace tidemark::aws
