#pragma once

#include <atomic>
#include <cstdint>

#include "common/aws/http_message.h"
#include "common/base/clock.h"

namespace tidemark::aws {

struct CallError;

// AWS's time, by which requests must be signed: AWS refuses those that are off by more than 5
// minutes (S3: 15). It is our own time until an answer shows that ours is wrong. Safe for
// concurrent use.
class ServerClock final : public Clock {
 public:
  // `own` must outlive it.
  explicit ServerClock(const Clock& own) : own_(own) {}

  absl::Time Now() const override;

  // Sets the clock by the answer's Date. A change of a minute and more is logged, as a warning.
  void SetBy(const HttpResponse& refusal);

 private:
  const Clock& own_;
  std::atomic<std::int64_t> ahead_ns_ = 0;  // AWS's time less ours
};

// Whether AWS refused a request because of the time at which it was signed
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html and S3's
// list of errors).
bool IsClockError(const CallError& error);

}  // namespace tidemark::aws
