#include "common/aws/profile_source.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/aws/credentials_file.h"

namespace tidemark::aws {

void ProfileSource::Fetch(Callback callback) {
  auto profiles = LoadCredentialsFile(where_.path);
  if (!profiles.ok()) return callback(absl::UnavailableError(profiles.status().message()));
  const auto found = std::find_if(profiles->begin(), profiles->end(), [this](const auto& profile) {
    return profile.name == where_.profile;
  });
  if (found == profiles->end()) {
    return callback(absl::UnavailableError(
        absl::StrCat(where_.path, " has no profile ", where_.profile, " with an access key")));
  }
  callback(std::move(found->credentials));
}

}  // namespace tidemark::aws
