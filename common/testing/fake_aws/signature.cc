#include "common/testing/fake_aws/signature.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/aws/canonical_request.h"
#include "common/aws/signing_key.h"
#include "common/base/abseil.h"
#include "common/base/sha256.h"
#include "common/testing/fake_aws/query.h"

namespace tidemark::fake_aws {
namespace {

using Refusal = std::optional<AuthRefusal>;

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
constexpr int kMaxExpirySeconds = 604'800;

bool IsPresigned(const ServerRequest& request) {
  return QueryOf(request.target).find("X-Amz-Signature=") != std::string_view::npos;
}

std::string WithoutSignature(std::string_view target) {
  std::vector<absl::string_view> kept;
  for (const absl::string_view part : absl::StrSplit(ToAbsl(QueryOf(target)), '&')) {
    if (!absl::StartsWith(part, "X-Amz-Signature=")) kept.push_back(part);
  }
  return absl::StrCat(ToAbsl(PathOf(target)), "?", absl::StrJoin(kept, "&"));
}

// Reads both forms into one.
void Read(const ServerRequest& request, Signature& signature) {
  signature.presigned = IsPresigned(request);
  if (!signature.presigned) {
    signature.authorization = aws::FindHeader(request.headers, "authorization");
    signature.date = aws::FindHeader(request.headers, "x-amz-date");
    if (signature.date.empty()) signature.date = aws::FindHeader(request.headers, "date");
    signature.session_token = aws::FindHeader(request.headers, "x-amz-security-token");
    signature.target = request.target;
    return;
  }
  const Parameters query = ParseQuery(QueryOf(request.target));
  signature.authorization = absl::StrCat(
      ToAbsl(Get(query, "X-Amz-Algorithm")), " Credential=", ToAbsl(Get(query, "X-Amz-Credential")),
      ", SignedHeaders=", ToAbsl(Get(query, "X-Amz-SignedHeaders")),
      ", Signature=", ToAbsl(Get(query, "X-Amz-Signature")));
  signature.date = Get(query, "X-Amz-Date");
  signature.expires = Get(query, "X-Amz-Expires");
  signature.session_token = Get(query, "X-Amz-Security-Token");
  signature.target = WithoutSignature(request.target);
}

Refusal CheckTime(const Signature& signature, const aws::AmzDate& date, absl::Time now) {
  if (!signature.presigned) {
    if (date.time() >= now - kMaxSkew && date.time() <= now + kMaxSkew) return std::nullopt;
    return AuthRefusal{
        AuthFailure::kSkewed,
        absl::StrCat("Signature expired: ", ToAbsl(date.text()), " is now earlier than ",
                     ToAbsl(aws::AmzDate(now - kMaxSkew).text()), " (",
                     ToAbsl(aws::AmzDate(now).text()), " - 15 min.)")};
  }
  int seconds = 0;
  if (!absl::SimpleAtoi(signature.expires, &seconds) || seconds < 0) {
    return AuthRefusal{AuthFailure::kBadQuery, "X-Amz-Expires should be a number"};
  }
  if (seconds > kMaxExpirySeconds) {
    return AuthRefusal{AuthFailure::kBadQuery,
                       "X-Amz-Expires must be less than a week (in seconds); that is 604800"};
  }
  if (date.time() > now + kMaxSkew) {
    return AuthRefusal{AuthFailure::kUrlExpired, "Request is not valid yet"};
  }
  if (now <= date.time() + absl::Seconds(seconds)) return std::nullopt;
  return AuthRefusal{AuthFailure::kUrlExpired, "Request has expired"};
}

bool IsSigned(const Signature& signature, std::string_view name) {
  const auto& names = signature.parsed.signed_headers;
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Host always; S3 wants every x-amz-* header as well.
Refusal CheckSignedHeaders(const ServerRequest& request, const Signature& signature,
                           std::string_view service) {
  if (!IsSigned(signature, "host")) {
    return AuthRefusal{AuthFailure::kIncomplete, "'Host' must be a signed header"};
  }
  if (service != "s3") return std::nullopt;
  for (const aws::HttpHeader& header : request.headers) {
    const std::string name = absl::AsciiStrToLower(header.name);
    if (!absl::StartsWith(name, "x-amz-") || IsSigned(signature, name)) continue;
    return AuthRefusal{
        AuthFailure::kUnsignedHeader,
        absl::StrCat("There were headers present in the request which were not signed: ", name)};
  }
  return std::nullopt;
}

// The canonical request's last line. S3 wants it as a header, and takes unsigned bodies.
Refusal ReadPayloadHash(const ServerRequest& request, const Signature& signature,
                        std::string_view service, std::string& hash) {
  const std::string_view sent = aws::FindHeader(request.headers, "x-amz-content-sha256");
  const bool s3 = service == "s3";
  hash = sent;
  if (s3 && (signature.presigned || sent == aws::kUnsignedPayload)) {
    hash = aws::kUnsignedPayload;
    return std::nullopt;
  }
  if (s3 && sent.empty()) {
    return AuthRefusal{AuthFailure::kBodyHash,
                       "Missing required header for this request: x-amz-content-sha256"};
  }
  const std::string computed = Hex(Sha256(request.body));
  if (sent.empty()) hash = computed;
  if (hash == computed) return std::nullopt;
  return AuthRefusal{AuthFailure::kBodyHash,
                     "The provided 'x-amz-content-sha256' header does not match what was computed"};
}

Refusal CheckSignature(const ServerRequest& request, const Signature& signature,
                       const aws::AmzDate& date, std::string_view payload_hash,
                       const Secret& secret) {
  std::vector<aws::HeaderView> headers;
  for (const aws::HttpHeader& header : request.headers) {
    headers.push_back({header.name, header.value});
  }
  const aws::CredentialScope& scope = signature.parsed.scope;
  std::string canonical;
  aws::AppendCanonicalRequest(
      {.method = request.method, .target = signature.target, .headers = headers, .body = {}},
      signature.parsed.signed_headers,
      scope.service == "s3" ? aws::PathRule::kAsSent : aws::PathRule::kEncodeAgain, payload_hash,
      canonical);
  const std::string expected = aws::SignCanonicalRequest(
      canonical, date, scope, aws::DeriveSigningKey(secret.Reveal(), scope));
  if (expected == signature.parsed.signature) return std::nullopt;
  return AuthRefusal{AuthFailure::kWrongSignature,
                     "The request signature we calculated does not match the signature you "
                     "provided. Check your key and signing method."};
}

Refusal KeyRefusal(FakeIam::Key::State state) {
  using State = FakeIam::Key::State;
  switch (state) {
    case State::kUnknown:
      return AuthRefusal{AuthFailure::kUnknownKey,
                         "The security token included in the request is invalid."};
    case State::kWrongToken:
      return AuthRefusal{AuthFailure::kWrongToken,
                         "The security token included in the request is invalid."};
    case State::kExpired:
      return AuthRefusal{AuthFailure::kExpiredToken,
                         "The security token included in the request is expired"};
    case State::kUnverified:
    case State::kFound:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::string ServiceInScope(const ServerRequest& request) {
  Signature signature;
  Read(request, signature);
  const auto parsed = aws::ParseAuthorization(signature.authorization);
  return parsed.ok() ? std::string(parsed->scope.service) : "";
}

Refusal Authenticate(const ServerRequest& request, std::string_view region,
                     std::string_view service, absl::Time now, const FakeIam& iam, Caller& caller) {
  Signature signature;
  Read(request, signature);
  if (signature.authorization.empty()) {
    caller = iam.Anyone();
    // S3's buckets are private, whether keys are verified or not.
    if (!iam.strict() && service != "s3") return std::nullopt;
    return AuthRefusal{AuthFailure::kMissing, "Request is missing Authentication Token"};
  }
  const AuthFailure malformed =
      signature.presigned ? AuthFailure::kBadQuery : AuthFailure::kIncomplete;
  const auto parsed = aws::ParseAuthorization(signature.authorization);
  if (!parsed.ok()) return AuthRefusal{malformed, std::string(parsed.status().message())};
  signature.parsed = *parsed;
  const FakeIam::Key key = iam.Find(parsed->access_key_id, signature.session_token);
  if (Refusal refusal = KeyRefusal(key.state)) return refusal;
  caller = key.caller;
  if (key.state == FakeIam::Key::State::kUnverified) return std::nullopt;

  const std::optional<aws::AmzDate> date = aws::AmzDate::ParseHttpDate(signature.date);
  if (!date || date->day() != parsed->scope.day) {
    return AuthRefusal{malformed, "the date is missing, malformed, or not that of the credential"};
  }
  if (parsed->scope.region != region) {
    return AuthRefusal{
        AuthFailure::kWrongScope,
        absl::StrCat("Credential should be scoped to a valid region; the region '",
                     ToAbsl(parsed->scope.region), "' is wrong; expecting '", ToAbsl(region), "'")};
  }
  if (Refusal refusal = CheckTime(signature, *date, now)) return refusal;
  if (Refusal refusal = CheckSignedHeaders(request, signature, service)) return refusal;
  std::string payload_hash;
  if (Refusal refusal = ReadPayloadHash(request, signature, service, payload_hash)) return refusal;
  return CheckSignature(request, signature, *date, payload_hash, key.secret);
}

}  // namespace tidemark::fake_aws
