#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tidemark::gateway {

struct HttpHeader {
  std::string_view name;  // as sent; names are equal without regard to case
  std::string_view value;
};

// A request as it arrived. Views of its connection's memory, valid while HttpHandler's method runs.
struct HttpRequest {
  std::string_view method;              // "GET"
  std::string_view target;              // path and query as sent: percent-encoded, beginning with /
  std::span<const HttpHeader> headers;  // in order, repeated ones too
  std::string_view body;

  // The value of the first header called `name` (any case), or an empty view.
  std::string_view Header(std::string_view name) const;
};

// Whether a and b are equal but for the case of ASCII letters.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

struct HttpResponse {
  int status = 200;
  std::string headers;  // complete lines; the server adds Date, Content-Length and Connection
  std::string body;
  bool close = false;  // close the connection after this answer

  // Neither may contain line ends.
  void AddHeader(std::string_view name, std::string_view value) {
    headers.append(name).append(": ").append(value).append("\r\n");
  }
};

}  // namespace tidemark::gateway
