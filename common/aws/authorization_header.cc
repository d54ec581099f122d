#include "common/aws/authorization_header.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/aws/canonical_request.h"
#include "common/aws/credentials.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"

namespace tidemark::aws {
namespace {

std::string_view Trim(std::string_view text) {
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(text)));
}

absl::Status Fault(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

// Takes the text before the next `separator` (or all of it) off the front of `rest`.
std::string_view TakeUntil(char separator, std::string_view& rest) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

bool IsDay(std::string_view text) {
  return text.size() == 8 && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

absl::Status ParseCredential(std::string_view value, AuthorizationHeader& header) {
  if (std::count(value.begin(), value.end(), '/') != 4) {
    return Fault("Credential must be ID/DAY/REGION/SERVICE/aws4_request");
  }
  header.access_key_id = TakeUntil('/', value);
  header.scope.day = TakeUntil('/', value);
  header.scope.region = TakeUntil('/', value);
  header.scope.service = TakeUntil('/', value);
  if (!IsAccessKeyId(header.access_key_id)) return Fault("Credential has no valid access key id");
  if (!IsDay(header.scope.day)) return Fault("Credential's second part must be a day, YYYYMMDD");
  if (value != "aws4_request") return Fault("Credential must end with /aws4_request");
  return absl::OkStatus();
}

// Lower-case visible characters: the names that HTTP allows (RFC 9110 section 5.6.2) and a few
// more, none of which a request's headers can have.
bool IsLowerCaseName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c < 0x7f && !absl::ascii_isupper(c);
  });
}

absl::Status ParseSignedHeaders(std::string_view value, AuthorizationHeader& header) {
  while (!value.empty()) {
    const std::string_view name = TakeUntil(';', value);
    if (!IsLowerCaseName(name)) return Fault("SignedHeaders must be lower-case header names");
    if (!header.signed_headers.empty() && header.signed_headers.back() >= name) {
      return Fault("SignedHeaders must be sorted and name each header once");
    }
    if (header.signed_headers.size() == kMaxSignedHeaders) {
      return Fault(absl::StrCat("SignedHeaders may name at most ", kMaxSignedHeaders, " headers"));
    }
    header.signed_headers.push_back(name);
  }
  return absl::OkStatus();
}

absl::Status ParseSignature(std::string_view value, AuthorizationHeader& header) {
  const bool hex = std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (value.size() != 64 || !hex) return Fault("Signature must be 64 lower-case hex digits");
  header.signature = value;
  return absl::OkStatus();
}

struct Part {
  std::string_view name;
  absl::Status (*parse)(std::string_view value, AuthorizationHeader& header);
};

constexpr std::array<Part, 3> kParts = {{{"Credential", ParseCredential},
                                         {"SignedHeaders", ParseSignedHeaders},
                                         {"Signature", ParseSignature}}};

}  // namespace

absl::StatusOr<AuthorizationHeader> ParseAuthorization(std::string_view value) {
  std::string_view rest = Trim(value);
  if (TakeUntil(' ', rest) != kAlgorithm) {
    return Fault("the authorization scheme must be AWS4-HMAC-SHA256");
  }
  AuthorizationHeader header;
  std::array<bool, kParts.size()> seen{};
  while (!rest.empty()) {
    const std::string_view text = Trim(TakeUntil(',', rest));
    const std::size_t equals = std::min(text.find('='), text.size());
    const std::string_view name = text.substr(0, equals);
    const auto part = std::find_if(kParts.begin(), kParts.end(),
                                   [name](const Part& known) { return known.name == name; });
    if (part == kParts.end() || equals == text.size()) {
      return Fault("only Credential=, SignedHeaders= and Signature= may follow the scheme");
    }
    bool& was_seen = seen[part - kParts.begin()];
    if (was_seen) return Fault(absl::StrCat(ToAbsl(name), " is given twice"));
    was_seen = true;
    TM_RETURN_IF_ERROR(part->parse(text.substr(equals + 1), header));
  }
  for (std::size_t i = 0; i < kParts.size(); ++i) {
    if (!seen[i]) return Fault(absl::StrCat(ToAbsl(kParts[i].name), " is missing"));
  }
  if (header.signed_headers.empty()) return Fault("SignedHeaders is empty");
  return header;
}

}  // namespace tidemark::aws
