#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/gateway/http/message.h"

namespace tidemark::gateway {

// Cross-origin requests (https://fetch.spec.whatwg.org/#http-cors-protocol): which web pages may
// call. Requests are signed, never authenticated by cookies, so "*" gives nothing away.
class Cors {
 public:
  // Origins separated by commas, such as "https://a.example,http://localhost:3000", or "*" for any,
  // or "" for none. INVALID_ARGUMENT for what no browser would send.
  static absl::StatusOr<Cors> Parse(std::string_view origins);

  bool Allows(std::string_view origin) const;

  // Lets the page of `origin` read the answer, if it is allowed; "" is no page.
  void AddHeaders(std::string_view origin, HttpResponse& response) const;

  // Whether `request` asks for leave to send another.
  static bool IsPreflight(const HttpRequest& request);

  // What a preflight of an allowed origin is answered besides.
  static void AddPreflightHeaders(HttpResponse& response);

 private:
  bool any_ = false;
  std::vector<std::string> origins_;
};

}  // namespace tidemark::gateway
