#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/aws/endpoint.h"

namespace tidemark::aws {

struct HttpHeader {
  std::string name;  // any case; compared without
  std::string value;
};

// A request to send. Its Host header is the endpoint's.
struct HttpRequest {
  std::string method;
  Endpoint endpoint;
  std::string target = "/";  // path and query, percent-encoded; goes on the wire as it is
  std::vector<HttpHeader> headers;
  std::string body;
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;
  std::string body;
};

// A request as it stands on the wire, for signing and verifying: views of somebody else's bytes.
struct HeaderView {
  std::string_view name;  // any case
  std::string_view value;
};

struct RequestView {
  std::string_view method;
  std::string_view target;  // as in the request line: path and, after '?', query
  std::span<const HeaderView> headers;
  std::string_view body;
};

// Whether a and b are equal but for the case of ASCII letters, as header names are.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// The value of the first header called `name`, or an empty view.
std::string_view FindHeader(std::span<const HttpHeader> headers, std::string_view name);

}  // namespace tidemark::aws
