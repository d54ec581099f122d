#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "common/aws/credentials.h"

namespace tidemark::aws {

// A place that credentials are fetched from, again and again; CachedCredentials does the asking.
class CredentialsSource {
 public:
  using Callback = std::function<void(absl::StatusOr<Credentials>)>;

  virtual ~CredentialsSource() = default;

  // Fetches those of now and calls back once, on any thread, perhaps before it returns. Errors as
  // CredentialsProvider::Get's. Not called again before it has called back.
  virtual void Fetch(Callback callback) = 0;
};

}  // namespace tidemark::aws
