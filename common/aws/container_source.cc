#include "common/aws/container_source.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/aws/expiry.h"
#include "common/aws/secret_file.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"

namespace tidemark::aws {
namespace {

constexpr char kEcs[] = "http://169.254.170.2";
constexpr HttpTimeouts kTimeouts = {.connect = absl::Seconds(1), .total = absl::Seconds(5)};

absl::Status Wrong(std::string_view uri, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("\"", ToAbsl(uri), "\" ", ToAbsl(what)));
}

bool IsTarget(std::string_view target) {
  return target.starts_with('/') &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// Of a Host header: without the port.
std::string_view BareHost(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const std::size_t bracket = host.rfind(']');
  const bool port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return port ? host.substr(0, colon) : host;
}

bool IsLoopbackV4(std::string_view host) {
  const std::vector<std::string> parts = absl::StrSplit(ToAbsl(host), '.');
  return parts.size() == 4 && parts[0] == "127" &&
         std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
           int number = 0;
           return absl::SimpleAtoi(part, &number) && number >= 0 && number <= 255;
         });
}

bool MayUseHttp(std::string_view host) {
  static constexpr std::string_view kAllowed[] = {"localhost", "[::1]", "169.254.170.2",
                                                  "169.254.170.23", "[fd00:ec2::23]"};
  return IsLoopbackV4(host) ||
         std::find(std::begin(kAllowed), std::end(kAllowed), host) != std::end(kAllowed);
}

std::string StringMember(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

absl::StatusOr<Credentials> ReadAnswer(absl::StatusOr<HttpResponse> result, absl::Time now) {
  if (!result.ok()) return result.status();
  const auto body = nlohmann::json::parse(result->body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object() || result->status != 200) {
    return absl::UnavailableError(absl::StrCat(
        "the answer has status ", result->status,
        body.is_object() ? absl::StrCat(" and says ", StringMember(body, "code")) : ""));
  }
  Credentials credentials{.access_key_id = StringMember(body, "AccessKeyId"),
                          .secret_access_key = Secret(StringMember(body, "SecretAccessKey")),
                          .session_token = Secret(StringMember(body, "Token"))};
  const auto expiry = ParseExpiry(StringMember(body, "Expiration"), *result, now);
  if (!IsAccessKeyId(credentials.access_key_id) || credentials.secret_access_key.empty() ||
      !expiry) {
    return absl::UnavailableError("the answer can't be read");
  }
  credentials.expiry = *expiry;
  return credentials;
}

}  // namespace

absl::StatusOr<ContainerEndpoint> ContainerEndpoint::OfFullUri(std::string_view uri) {
  const std::size_t scheme = uri.find("://");
  if (scheme == std::string_view::npos) return Wrong(uri, "is not a URI");
  const std::size_t slash = uri.find_first_of("/?#", scheme + 3);
  auto endpoint = Endpoint::Parse(uri.substr(0, slash));
  if (!endpoint.ok()) return endpoint.status();
  const std::string_view target =
      slash == std::string_view::npos ? std::string_view("/") : uri.substr(slash);
  if (!IsTarget(target)) return Wrong(uri, "has no path of visible ASCII characters");
  if (!endpoint->tls() && !MayUseHttp(BareHost(endpoint->host()))) {
    return Wrong(uri,
                 "would send a secret in the clear: use https://, or a host of localhost, "
                 "127.0.0.0/8, [::1], 169.254.170.2, 169.254.170.23 and [fd00:ec2::23]");
  }
  return ContainerEndpoint{.endpoint = *std::move(endpoint), .target = std::string(target)};
}

absl::StatusOr<ContainerEndpoint> ContainerEndpoint::OfRelativeUri(std::string_view uri) {
  if (!IsTarget(uri)) return Wrong(uri, "is not a path of visible ASCII characters");
  TM_ASSIGN_OR_RETURN(Endpoint endpoint, Endpoint::Parse(kEcs));
  return ContainerEndpoint{.endpoint = std::move(endpoint), .target = std::string(uri)};
}

ContainerSource::ContainerSource(ContainerEndpoint where, HttpTransport& transport,
                                 const Clock& clock)
    : where_(std::move(where)), transport_(transport), clock_(clock) {}

void ContainerSource::Fetch(Callback callback) {
  HttpRequest request{.method = "GET",
                      .endpoint = where_.endpoint,
                      .target = where_.target,
                      .headers = {{"Accept", "application/json"}},
                      .body = {}};
  Secret token = where_.token;
  if (!where_.token_file.empty()) {
    absl::StatusOr<Secret> read = ReadSecretFile(where_.token_file);
    if (!read.ok()) return callback(absl::UnavailableError(read.status().message()));
    token = *std::move(read);
  }
  if (!token.empty()) request.headers.push_back({"Authorization", token.Reveal()});
  transport_.Send(
      std::move(request), kTimeouts,
      [&clock = clock_, callback = std::move(callback)](absl::StatusOr<HttpResponse> result) {
        absl::StatusOr<Credentials> credentials = ReadAnswer(std::move(result), clock.Now());
        if (!credentials.ok()) {
          credentials = absl::UnavailableError(
              absl::StrCat("container credentials: ", credentials.status().message()));
        }
        callback(std::move(credentials));
      });
}

}  // namespace tidemark::aws
