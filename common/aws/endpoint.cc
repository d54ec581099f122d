#include "common/aws/endpoint.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/abseil.h"

namespace tidemark::aws {
namespace {

absl::Status Wrong(std::string_view url, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("endpoint \"", ToAbsl(url), "\": ", ToAbsl(what),
                                                 "; write http://HOST[:PORT] or https://..."));
}

bool IsHost(std::string_view host) {
  if (host.empty()) return false;
  const bool ip6 = host.front() == '[' && host.back() == ']' && host.size() > 2;
  for (const char c : ip6 ? host.substr(1, host.size() - 2) : host) {
    if (absl::ascii_isalnum(c) || c == '.') continue;
    if (ip6 ? c == ':' : (c == '-' || c == '_')) continue;
    return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<Endpoint> Endpoint::Parse(std::string_view url) {
  absl::string_view rest = ToAbsl(url);
  const bool tls = absl::ConsumePrefix(&rest, "https://");
  if (!tls && !absl::ConsumePrefix(&rest, "http://")) return Wrong(url, "unknown scheme");
  absl::ConsumeSuffix(&rest, "/");
  const std::string_view authority = ToStd(rest);
  if (authority.find_first_of("/?#") != std::string_view::npos) {
    return Wrong(url, "has a path or a query");
  }
  const std::size_t bracket = authority.rfind(']');
  std::size_t colon = authority.rfind(':');
  if (bracket != std::string_view::npos && colon < bracket) colon = std::string_view::npos;
  const std::string_view host = authority.substr(0, colon);
  if (!IsHost(host)) return Wrong(url, "is not a host name or address");
  std::string header = absl::AsciiStrToLower(ToAbsl(host));
  if (colon != std::string_view::npos) {
    int port = 0;
    if (!absl::SimpleAtoi(ToAbsl(authority.substr(colon + 1)), &port) || port < 1 || port > 65535) {
      return Wrong(url, "the port is not a number from 1 to 65535");
    }
    if (port != (tls ? 443 : 80)) absl::StrAppend(&header, ":", port);
  }
  return Endpoint(tls, std::move(header));
}

absl::Status Endpoint::CheckOption(std::string_view option, std::string_view url) {
  if (url.empty()) return absl::OkStatus();
  const absl::Status status = Parse(url).status();
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat("--", ToAbsl(option), ": ", status.message()));
}

Endpoint Endpoint::OfAws(std::string_view service, std::string_view region) {
  return Endpoint(true, absl::StrCat(ToAbsl(service), ".", ToAbsl(region), ".amazonaws.com"));
}

Endpoint Endpoint::OfOption(std::string_view url, std::string_view service,
                            std::string_view region) {
  return url.empty() ? OfAws(service, region) : Parse(url).value();
}

std::string Endpoint::Url() const { return absl::StrCat(tls_ ? "https://" : "http://", host_); }

}  // namespace tidemark::aws
