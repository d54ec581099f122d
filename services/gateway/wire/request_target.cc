#include "services/gateway/wire/request_target.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/aws/uri.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "services/gateway/wire/amazon_error.h"
#include "services/gateway/wire/utf8.h"

namespace tidemark::gateway {
namespace {

// A query parameter as Amazon's model names it: MaxResults for maxResults.
std::string ModelName(std::string_view name) {
  std::string result(name);
  if (!result.empty()) result[0] = absl::ascii_toupper(result[0]);
  return result;
}

bool EscapesAreSound(std::string_view text) {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    const std::string_view digits = text.substr(at + 1, 2);
    if (digits.size() < 2 || !std::ranges::all_of(digits, absl::ascii_isxdigit)) return false;
  }
  return true;
}

absl::StatusOr<std::string> Decode(std::string_view field, std::string_view text, aws::Plus plus,
                                   ErrorName error) {
  std::string decoded;
  decoded.reserve(text.size());
  aws::AppendUriDecoded(text, plus, decoded);
  if (!EscapesAreSound(text)) {
    return WireError(
        error, absl::StrCat(ToAbsl(field), ": has a '%' without two hexadecimal digits behind it"));
  }
  if (!IsUtf8(decoded)) {
    return WireError(error, absl::StrCat(ToAbsl(field), ": is not UTF-8"));
  }
  return decoded;
}

}  // namespace

RequestTarget SplitTarget(std::string_view target) {
  RequestTarget result;
  const std::size_t question = target.find('?');
  if (question != std::string_view::npos) {
    result.query = target.substr(question + 1);
    target = target.substr(0, question);
  }
  if (target.starts_with('/')) target.remove_prefix(1);
  while (true) {
    const std::size_t slash = target.find('/');
    result.segments.push_back(target.substr(0, slash));
    if (slash == std::string_view::npos) return result;
    target.remove_prefix(slash + 1);
  }
}

absl::StatusOr<std::string> DecodeSegment(std::string_view field, std::string_view segment) {
  if (segment == "." || segment == "..") {
    return WireError(ErrorName::kInvalidParameter,
                     absl::StrCat(ToAbsl(field), ": '", ToAbsl(segment),
                                  "' in a path must be sent percent-encoded, as %2E"));
  }
  return Decode(field, segment, aws::Plus::kIsItself, ErrorName::kInvalidParameter);
}

absl::StatusOr<std::optional<std::string>> QueryParameters::Text(std::string_view name) const {
  std::optional<std::string> found;
  std::string decoded_name;
  for (std::string_view rest = query_; !rest.empty();) {
    const std::string_view parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(parameter.size() + 1, rest.size()));
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    decoded_name.clear();
    aws::AppendUriDecoded(parameter.substr(0, equals), aws::Plus::kIsSpace, decoded_name);
    if (decoded_name != name) continue;
    if (found) {
      return WireError(ErrorName::kSerialization,
                       absl::StrCat(ModelName(name), ": occurs twice in the query"));
    }
    TM_ASSIGN_OR_RETURN(
        found, Decode(ModelName(name), parameter.substr(std::min(equals + 1, parameter.size())),
                      aws::Plus::kIsSpace, ErrorName::kSerialization));
  }
  return found;
}

template <typename Number>
absl::StatusOr<std::optional<Number>> QueryParameters::Integer(std::string_view name) const {
  TM_ASSIGN_OR_RETURN(const std::optional<std::string> text, Text(name));
  if (!text) return std::nullopt;
  Number number = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error == std::errc() && stop == end) return number;
  return WireError(ErrorName::kSerialization,
                   absl::StrCat(ModelName(name), ": '", errors::Excerpt(*text),
                                "' is not a whole number of ", 8 * sizeof(Number), " bits"));
}

absl::StatusOr<std::optional<std::int64_t>> QueryParameters::Integer64(
    std::string_view name) const {
  return Integer<std::int64_t>(name);
}

absl::StatusOr<std::optional<std::int32_t>> QueryParameters::Integer32(
    std::string_view name) const {
  return Integer<std::int32_t>(name);
}

}  // namespace tidemark::gateway
