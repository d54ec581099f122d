#pragma once

#include <string>

#include "common/aws/credentials_source.h"

namespace tidemark::aws {

// A profile of AWS's shared credentials file. CachedCredentials has the file read anew every few
// minutes, and when AWS refuses what it held.
struct CredentialsFileProfile {
  std::string path;
  std::string profile = "default";
};

class ProfileSource final : public CredentialsSource {
 public:
  explicit ProfileSource(CredentialsFileProfile where) : where_(std::move(where)) {}

  // Every error is UNAVAILABLE: it may be mended without a restart.
  void Fetch(Callback callback) override;

 private:
  const CredentialsFileProfile where_;
};

}  // namespace tidemark::aws
