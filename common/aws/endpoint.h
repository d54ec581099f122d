#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tidemark::aws {

// Where a service listens: scheme, host and port.
class Endpoint {
 public:
  // "http://host[:port]" or "https://host[:port]", a trailing slash allowed. INVALID_ARGUMENT for
  // anything else (a path, user information, a port out of 1-65535), naming what is wrong.
  static absl::StatusOr<Endpoint> Parse(std::string_view url);
  // The same for what the option of this name holds, which the error names; OK if that is empty.
  static absl::Status CheckOption(std::string_view option, std::string_view url);
  // https://SERVICE.REGION.amazonaws.com.
  static Endpoint OfAws(std::string_view service, std::string_view region);
  // What such an option holds, which was checked; AWS's own if it is empty.
  static Endpoint OfOption(std::string_view url, std::string_view service, std::string_view region);

  bool tls() const { return tls_; }
  // The Host header: host in lower case, with the port unless it is the scheme's own.
  const std::string& host() const { return host_; }
  // "scheme://host[:port]", to which a target is appended.
  std::string Url() const;

 private:
  Endpoint(bool tls, std::string host) : tls_(tls), host_(std::move(host)) {}

  bool tls_;
  std::string host_;
};

}  // namespace tidemark::aws
