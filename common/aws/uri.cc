#include "common/aws/uri.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/container/inlined_vector.h"

namespace tidemark::aws {
namespace {

constexpr std::array<bool, 256> kUnreserved = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (const char c : {'-', '_', '.', '~'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

// The value of the hexadecimal digit `c`, or -1.
int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

struct Parameter {
  // Offsets into one buffer, which moves while it grows.
  std::size_t name, name_size, value, value_size;
};

// Decodes and encodes `text` to the end of `out`; returns the number of bytes written.
std::size_t Recode(std::string_view text, std::string& scratch, std::string& out) {
  scratch.clear();
  AppendUriDecoded(text, Plus::kIsSpace, scratch);
  const std::size_t before = out.size();
  AppendUriEncoded(scratch, out);
  return out.size() - before;
}

}  // namespace

void AppendUriEncoded(std::string_view text, std::string& out) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kUnreserved[byte]) {
      out.push_back(c);
    } else {
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
}

std::string UriEncode(std::string_view text) {
  std::string encoded;
  AppendUriEncoded(text, encoded);
  return encoded;
}

void AppendUriDecoded(std::string_view text, Plus plus, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out.push_back(static_cast<char>(high << 4 | low));
        i += 2;
        continue;
      }
    }
    out.push_back(text[i] == '+' && plus == Plus::kIsSpace ? ' ' : text[i]);
  }
}

void AppendCanonicalPath(std::string_view wire_path, PathRule rule, std::string& out) {
  if (rule == PathRule::kAsSent) {
    out.append(wire_path.empty() ? "/" : wire_path);
    return;
  }
  const std::size_t start = out.size();
  for (std::size_t at = 0; at <= wire_path.size();) {
    const std::size_t end = std::min(wire_path.find('/', at), wire_path.size());
    const std::string_view segment = wire_path.substr(at, end - at);
    at = end + 1;
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      const std::size_t parent = out.rfind('/');
      if (parent != std::string::npos && parent >= start) out.resize(parent);
      continue;
    }
    out.push_back('/');
    AppendUriEncoded(segment, out);
  }
  const bool empty = out.size() == start;
  if (empty || wire_path.back() == '/') out.push_back('/');
}

void AppendCanonicalQuery(std::string_view wire_query, std::string& out) {
  if (wire_query.empty()) return;
  std::string encoded, scratch;
  encoded.reserve(wire_query.size() + 16);
  absl::InlinedVector<Parameter, 8> parameters;
  for (std::size_t at = 0; at < wire_query.size();) {
    const std::size_t end = std::min(wire_query.find('&', at), wire_query.size());
    const std::string_view text = wire_query.substr(at, end - at);
    at = end + 1;
    if (text.empty()) continue;
    const std::size_t equals = std::min(text.find('='), text.size());
    Parameter parameter{};
    parameter.name = encoded.size();
    parameter.name_size = Recode(text.substr(0, equals), scratch, encoded);
    parameter.value = encoded.size();
    if (equals < text.size()) {
      parameter.value_size = Recode(text.substr(equals + 1), scratch, encoded);
    }
    parameters.push_back(parameter);
  }
  const std::string_view all = encoded;
  const auto name = [all](const Parameter& p) { return all.substr(p.name, p.name_size); };
  const auto value = [all](const Parameter& p) { return all.substr(p.value, p.value_size); };
  std::sort(parameters.begin(), parameters.end(), [&](const Parameter& a, const Parameter& b) {
    const int order = name(a).compare(name(b));
    return order != 0 ? order < 0 : value(a) < value(b);
  });
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (i > 0) out.push_back('&');
    out.append(name(parameters[i])).push_back('=');
    out.append(value(parameters[i]));
  }
}

}  // namespace tidemark::aws
