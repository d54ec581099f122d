#include "common/testing/fake_aws/query.h"

#include <algorithm>

#include "absl/strings/str_split.h"
#include "common/aws/uri.h"
#include "common/base/abseil.h"

namespace tidemark::fake_aws {
namespace {

std::string Decoded(absl::string_view text) {
  std::string decoded;
  aws::AppendUriDecoded(ToStd(text), aws::Plus::kIsSpace, decoded);
  return decoded;
}

}  // namespace

std::string_view PathOf(std::string_view target) { return target.substr(0, target.find('?')); }

std::string_view QueryOf(std::string_view target) {
  return target.substr(std::min(target.find('?'), target.size() - 1) + 1);
}

Parameters ParseQuery(std::string_view query) {
  Parameters parameters;
  for (const absl::string_view part : absl::StrSplit(ToAbsl(query), '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    parameters[Decoded(pair.first)] = Decoded(pair.second);
  }
  return parameters;
}

std::string_view Get(const Parameters& parameters, std::string_view name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string_view() : found->second;
}

}  // namespace tidemark::fake_aws
