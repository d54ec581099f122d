#include "services/gateway/wire/cors.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/abseil.h"

namespace tidemark::gateway {
namespace {

// The headers that Amazon's JavaScript clients send and read; aws-endpoints section 4.
constexpr std::string_view kAllowedHeaders =
    "authorization,content-type,x-amz-content-sha256,x-amz-date,x-amz-security-token,"
    "x-amz-user-agent,x-amz-client-context,amz-sdk-invocation-id,amz-sdk-request,traceparent";
constexpr std::string_view kExposedHeaders =
    "x-amzn-ErrorType,x-amzn-ErrorMessage,x-amzn-RequestId,Date";

// A scheme, a host and perhaps a port, in lower case, as browsers write the Origin header.
bool IsOrigin(std::string_view text) {
  const std::size_t host = text.find("://");
  if (host == std::string_view::npos || host == 0 || host + 3 == text.size()) return false;
  return std::ranges::none_of(text,
                              [](char c) {
                                return absl::ascii_isupper(c) || absl::ascii_isspace(c) ||
                                       !absl::ascii_isprint(c) || c == '*';
                              }) &&
         text.find('/', host + 3) == std::string_view::npos;
}

}  // namespace

absl::StatusOr<Cors> Cors::Parse(std::string_view origins) {
  Cors cors;
  if (origins.empty()) return cors;
  const std::vector<std::string> parts = absl::StrSplit(ToAbsl(origins), ',');
  for (const std::string& part : parts) {
    const std::string origin(absl::StripAsciiWhitespace(part));
    if (origin == "*") {
      cors.any_ = true;
    } else if (IsOrigin(origin)) {
      cors.origins_.push_back(origin);
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", origin, "\" is not an origin such as https://app.example, nor *"));
    }
  }
  return cors;
}

bool Cors::Allows(std::string_view origin) const {
  return !origin.empty() && (any_ || std::ranges::find(origins_, origin) != origins_.end());
}

void Cors::AddHeaders(std::string_view origin, HttpResponse& response) const {
  if (!any_ && !origins_.empty()) response.AddHeader("Vary", "Origin");
  if (!Allows(origin)) return;
  response.AddHeader("Access-Control-Allow-Origin", any_ ? "*" : origin);
  response.AddHeader("Access-Control-Expose-Headers", kExposedHeaders);
}

bool Cors::IsPreflight(const HttpRequest& request) {
  return request.method == "OPTIONS" && !request.Header("origin").empty() &&
         !request.Header("access-control-request-method").empty();
}

void Cors::AddPreflightHeaders(HttpResponse& response) {
  response.AddHeader("Access-Control-Allow-Methods", "GET, POST, DELETE");
  response.AddHeader("Access-Control-Allow-Headers", kAllowedHeaders);
  response.AddHeader("Access-Control-Max-Age", "86400");
}

}  // namespace tidemark::gateway
