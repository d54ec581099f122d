#include "common/aws/presign.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "common/aws/canonical_request.h"
#include "common/aws/signing_key.h"
#include "common/aws/uri.h"
#include "common/base/abseil.h"

namespace tidemark::aws {
namespace {

constexpr std::string_view kService = "s3";

void AppendKeyPath(std::string_view key, std::string& out) {
  while (true) {
    const std::size_t slash = key.find('/');
    AppendUriEncoded(key.substr(0, slash), out);
    if (slash == std::string_view::npos) return;
    out.push_back('/');
    key.remove_prefix(slash + 1);
  }
}

}  // namespace

S3Location LocateObject(const Endpoint* overridden, std::string_view region,
                        std::string_view bucket, std::string_view key) {
  const bool in_host = overridden == nullptr && bucket.find('.') == std::string_view::npos;
  std::string target = "/";
  if (!in_host) {
    AppendUriEncoded(bucket, target);
    target.push_back('/');
  }
  AppendKeyPath(key, target);
  if (overridden != nullptr) return {*overridden, std::move(target)};
  return {Endpoint::OfAws(in_host ? absl::StrCat(ToAbsl(bucket), ".s3") : "s3", region),
          std::move(target)};
}

absl::StatusOr<std::string> PresignGet(const S3Location& location, std::string_view region,
                                       const Credentials& credentials, absl::Time now,
                                       absl::Duration lifetime) {
  if (lifetime < absl::Seconds(1) || lifetime > kMaxPresignedLifetime) {
    return absl::InvalidArgumentError(absl::StrCat("the lifetime of a presigned URL is 1s to ",
                                                   absl::FormatDuration(kMaxPresignedLifetime),
                                                   ", not ", absl::FormatDuration(lifetime)));
  }
  const AmzDate date(now);
  const CredentialScope scope{date.day(), region, kService};
  std::string credential = absl::StrCat(credentials.access_key_id, "/");
  AppendScope(scope, credential);
  std::string target =
      absl::StrCat(location.target, "?X-Amz-Algorithm=", ToAbsl(kAlgorithm),
                   "&X-Amz-Credential=", UriEncode(credential), "&X-Amz-Date=", ToAbsl(date.text()),
                   "&X-Amz-Expires=", absl::ToInt64Seconds(lifetime), "&X-Amz-SignedHeaders=host");
  if (!credentials.session_token.empty()) {
    absl::StrAppend(&target,
                    "&X-Amz-Security-Token=", UriEncode(credentials.session_token.Reveal()));
  }
  const std::array<HeaderView, 1> headers = {{{"host", location.endpoint.host()}}};
  const std::array<std::string_view, 1> signed_headers = {"host"};
  std::string canonical;
  AppendCanonicalRequest({.method = "GET", .target = target, .headers = headers, .body = {}},
                         signed_headers, PathRule::kAsSent, kUnsignedPayload, canonical);
  const Sha256Digest key = DeriveSigningKey(credentials.secret_access_key.Reveal(), scope);
  return absl::StrCat(location.endpoint.Url(), target,
                      "&X-Amz-Signature=", SignCanonicalRequest(canonical, date, scope, key));
}

}  // namespace tidemark::aws
