#include "services/gateway/testing/signed_client.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace tidemark::gateway {
namespace {

constexpr char kHost[] = "gateway.test";

void AppendHeader(std::string& bytes, const std::string& name, const std::string& value) {
  absl::StrAppend(&bytes, name, ": ", value, "\r\n");
}

std::string Assemble(const aws::HttpRequest& request) {
  std::string bytes = absl::StrCat(request.method, " ", request.target, " HTTP/1.1\r\n");
  bool has_host = false;
  for (const aws::HttpHeader& header : request.headers) {
    has_host = has_host || aws::EqualsIgnoreCase(header.name, "host");
    AppendHeader(bytes, header.name, header.value);
  }
  if (!has_host) AppendHeader(bytes, "Host", kHost);
  if (!request.body.empty() || request.method == "POST") {
    AppendHeader(bytes, "Content-Length", std::to_string(request.body.size()));
  }
  return absl::StrCat(bytes, "\r\n", request.body);
}

aws::HttpRequest ToHttp(const TestRequest& request) {
  auto endpoint = aws::Endpoint::Parse(absl::StrCat("http://", kHost));
  if (!endpoint.ok()) std::abort();
  aws::HttpRequest http{.method = request.method,
                        .endpoint = *endpoint,
                        .target = request.target,
                        .headers = {},
                        .body = request.body};
  for (const auto& [name, value] : request.headers) http.headers.push_back({name, value});
  return http;
}

}  // namespace

std::string SignedBytes(const TestRequest& request, const TestSigner& signer) {
  aws::HttpRequest http = ToHttp(request);
  aws::Credentials credentials{.access_key_id = signer.access_key_id,
                               .secret_access_key = Secret(signer.secret),
                               .session_token = Secret(signer.session_token)};
  aws::SigV4Signer(signer.region, signer.service)
      .Sign(credentials, signer.time.value_or(absl::Now()), http);
  return Assemble(http);
}

std::string UnsignedBytes(const TestRequest& request) { return Assemble(ToHttp(request)); }

}  // namespace tidemark::gateway
