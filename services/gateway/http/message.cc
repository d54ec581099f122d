#include "services/gateway/http/message.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace tidemark::gateway {

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](char x, char y) { return absl::ascii_tolower(x) == absl::ascii_tolower(y); });
}

std::string_view HttpRequest::Header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (EqualsIgnoreCase(header.name, name)) return header.value;
  }
  return {};
}

}  // namespace tidemark::gateway
