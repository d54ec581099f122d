#include "common/aws/sigv4.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "common/aws/canonical_request.h"

namespace tidemark::aws {
namespace {

// One signer serves one set of credentials, and for a while around their renewal two.
constexpr std::size_t kCachedKeys = 16;

constexpr std::array<std::string_view, 5> kSetBySign = {
    "host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "authorization"};

constexpr std::array<std::string_view, 6> kNotSigned = {
    "authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"};

bool IsAnyOf(std::span<const std::string_view> names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [name](std::string_view candidate) {
    return EqualsIgnoreCase(candidate, name);
  });
}

}  // namespace

bool IsSignable(std::string_view header_name) { return !IsAnyOf(kNotSigned, header_name); }

SigV4Signer::SigV4Signer(std::string region, std::string service)
    : region_(std::move(region)),
      service_(std::move(service)),
      path_rule_(service_ == "s3" ? PathRule::kAsSent : PathRule::kEncodeAgain),
      keys_(kCachedKeys) {}

void SigV4Signer::Sign(const Credentials& credentials, absl::Time now, HttpRequest& request) {
  std::vector<HttpHeader>& headers = request.headers;
  std::erase_if(headers, [](const HttpHeader& header) { return IsAnyOf(kSetBySign, header.name); });
  const AmzDate date(now);
  const std::string payload_hash = Hex(Sha256(request.body));
  headers.push_back({"Host", request.endpoint.host()});
  headers.push_back({"X-Amz-Date", std::string(date.text())});
  headers.push_back({"X-Amz-Content-Sha256", payload_hash});
  if (!credentials.session_token.empty()) {
    headers.push_back({"X-Amz-Security-Token", credentials.session_token.Reveal()});
  }
  absl::InlinedVector<HeaderView, 12> views;
  for (const HttpHeader& header : headers) views.push_back({header.name, header.value});
  const RequestView view{
      .method = request.method, .target = request.target, .headers = views, .body = request.body};
  headers.push_back({"Authorization", Authorization(credentials, date, view, payload_hash)});
}

std::string SigV4Signer::Authorization(const Credentials& credentials, const AmzDate& date,
                                       const RequestView& request, std::string_view payload_hash) {
  std::vector<std::string> names;
  names.reserve(request.headers.size());
  for (const HeaderView& header : request.headers) {
    if (IsSignable(header.name)) {
      names.push_back(absl::AsciiStrToLower({header.name.data(), header.name.size()}));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const std::vector<std::string_view> signed_headers(names.begin(), names.end());

  const CredentialScope scope{date.day(), region_, service_};
  std::string canonical;
  canonical.reserve(1024);
  AppendCanonicalRequest(request, signed_headers, path_rule_, payload_hash, canonical);
  const Sha256Digest key =
      keys_.Get(credentials.access_key_id, credentials.secret_access_key.Reveal(), scope);

  std::string header(kAlgorithm);
  header.reserve(384);
  header.append(" Credential=").append(credentials.access_key_id).push_back('/');
  AppendScope(scope, header);
  header.append(", SignedHeaders=");
  for (std::size_t i = 0; i < signed_headers.size(); ++i) {
    if (i > 0) header.push_back(';');
    header.append(signed_headers[i]);
  }
  header.append(", Signature=");
  header.append(SignCanonicalRequest(canonical, date, scope, key));
  return header;
}

}  // namespace tidemark::aws
