#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/config/keyring.h"
#include "services/dataset/domain/types.h"

// Sync session tokens: stateless, bound to pool, identity and dataset, usable any number of times
// for their hour (contract 4.3; section 11, choice 1).
namespace tidemark::dataset {

inline constexpr absl::Duration kSessionLifetime = absl::Hours(1);

class SessionTokens {
 public:
  // `random` outlives the object.
  SessionTokens(config::Keyring keyring, Random& random)
      : keyring_(std::move(keyring)), random_(random) {}

  // The token of a new session on `dataset`.
  std::string Begin(const DatasetKey& dataset, absl::Time now) const;

  // A token of the same session that lives on from `now`, or SYNC_SESSION_TOKEN_INVALID.
  absl::StatusOr<std::string> Renew(const DatasetKey& dataset, std::string_view token,
                                    absl::Time now) const;

  // OK, or INVALID_ARGUMENT SYNC_SESSION_TOKEN_INVALID for a token that is foreign, altered or
  // expired.
  absl::Status Check(const DatasetKey& dataset, std::string_view token, absl::Time now) const;

 private:
  absl::StatusOr<std::string> SessionOf(const DatasetKey& dataset, std::string_view token,
                                        absl::Time now) const;

  const config::Keyring keyring_;
  Random& random_;
};

}  // namespace tidemark::dataset
