#pragma once

#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/pg/options.h"
#include "common/pg/reconnector.h"
#include "services/dataset/store/store.h"

namespace tidemark::dataset {

// Updates in PostgreSQL, on one connection: a batch is one call and one commit.
//
// If a batch fails as a whole, its requests are applied one by one, so that a bad one, or one that
// waits for a lock, fails alone. Losing a race is tried again with jitter until the deadline. If
// the connection breaks while an update is on its way, its outcome is unknown: it is applied again
// on a new connection, and only if none can be had for 3 s the answer is UNAVAILABLE. Otherwise
// updates fail at once while there is no server.
class PostgresUpdateStore final : public UpdateStore {
 public:
  // Connects at the first update. `random` outlives the store.
  explicit PostgresUpdateStore(const pg::ConnectOptions& options, Random& random = SystemRandom());

  std::vector<UpdateOutcome> Update(std::span<const UpdateRequest* const> requests,
                                    absl::Time deadline) override;

 private:
  using Requests = std::span<const UpdateRequest* const>;
  using Outcomes = absl::StatusOr<std::vector<UpdateOutcome>>;

  std::vector<UpdateOutcome> OneByOne(Requests requests, absl::Time deadline);

  // Applies the requests together, again and again while that may help.
  Outcomes Settle(Requests requests, absl::Time deadline);

  pg::Reconnector connections_;
  Random& random_;
  // Until when the current call asks again for updates whose outcome is unknown; absent while none
  // is.
  std::optional<absl::Time> settle_until_;
};

}  // namespace tidemark::dataset
