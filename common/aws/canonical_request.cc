#include "common/aws/canonical_request.h"

#include <algorithm>

namespace tidemark::aws {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Appends `value` without white space at its ends and with every run of it as one space.
void AppendTrimmed(std::string_view value, std::string& out) {
  bool gap = false;
  const std::size_t start = out.size();
  for (const char c : value) {
    if (IsSpace(c)) {
      gap = true;
      continue;
    }
    if (gap && out.size() > start) out.push_back(' ');
    gap = false;
    out.push_back(c);
  }
}

void AppendHeader(std::span<const HeaderView> headers, std::string_view name, std::string& out) {
  out.append(name).push_back(':');
  bool first = true;
  for (const HeaderView& header : headers) {
    if (!EqualsIgnoreCase(header.name, name)) continue;
    if (!first) out.push_back(',');
    first = false;
    AppendTrimmed(header.value, out);
  }
  out.push_back('\n');
}

}  // namespace

void AppendCanonicalRequest(const RequestView& request,
                            std::span<const std::string_view> signed_headers, PathRule path_rule,
                            std::string_view payload_hash, std::string& out) {
  const std::size_t question = std::min(request.target.find('?'), request.target.size());
  out.append(request.method).push_back('\n');
  AppendCanonicalPath(request.target.substr(0, question), path_rule, out);
  out.push_back('\n');
  if (question < request.target.size()) {
    AppendCanonicalQuery(request.target.substr(question + 1), out);
  }
  out.push_back('\n');
  for (const std::string_view name : signed_headers) AppendHeader(request.headers, name, out);
  out.push_back('\n');
  for (std::size_t i = 0; i < signed_headers.size(); ++i) {
    if (i > 0) out.push_back(';');
    out.append(signed_headers[i]);
  }
  out.push_back('\n');
  out.append(payload_hash);
}

}  // namespace tidemark::aws
