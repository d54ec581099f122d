#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace tidemark::fake_aws {

// What goes wrong, with which calls, how often.
struct Fault {
  enum class Kind {
    kDelay,       // nothing but `delay`
    kError,       // the call is refused with `status`, `code`, `message`; nothing is processed
    kRecords,     // some of PutRecords's records fail with `code`; the others are taken
    kReset,       // the connection is reset; nothing is processed
    kHang,        // no answer ever; nothing is processed
    kGarbage,     // the answer is no HTTP; nothing is processed
    kCut,         // processed, but the answer ends half way
    kLoseAnswer,  // processed, but the connection is reset instead of an answer
  };

  // Which calls. Empty: any.
  std::string service;    // "kinesis", "lambda", "s3", "sns", "sts"
  std::string operation;  // "PutRecords"
  // A stream's or function's name; a bucket, "BUCKET/KEY" or the start of one up to a slash; the
  // ARN, its start up to a slash or its end from one, of a role, platform application or endpoint.
  std::string resource;

  int skip = 0;   // so many matching calls pass first
  int times = 1;  // then so many are struck; 0: all
  // For so long after the fault was added, whether `times` are struck or not.
  absl::Duration lasts = absl::InfiniteDuration();

  Kind kind = Kind::kError;
  // Between processing and delivery, also of what is not processed: with kReset, a connection that
  // hangs for a while and breaks.
  absl::Duration delay = absl::ZeroDuration();

  // kError, and kRecords (empty code: ProvisionedThroughputExceededException).
  int status = 400;
  std::string code;
  std::string message;

  // kRecords: a record fails if any of these says so.
  double fraction = 0;  // of all records, by chance
  std::vector<int> indexes;
  std::vector<std::string> keys;  // partition keys
};

// The faults to come. The first in the order they were added that matches a call strikes it; a call
// is counted only by the faults that come before that one, and by it. Safe for concurrent use.
class FaultScript {
 public:
  // `clock` must outlive the script.
  explicit FaultScript(const Clock& clock = SystemClock()) : clock_(clock) {}

  void Add(Fault fault);
  // Forgets the faults that are pending.
  void Clear();
  // Forgets the count of those that struck as well.
  void Reset();

  // The fault that strikes this call, if any.
  std::optional<Fault> Next(std::string_view service, std::string_view operation,
                            std::string_view resource);

  // How many calls were struck, and how many faults have calls left to strike.
  int struck() const;
  int pending() const;

 private:
  struct Pending {
    Fault fault;
    absl::Time until;
  };

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<Pending> faults_;  // guarded by mutex_
  int struck_ = 0;               // guarded by mutex_
};

// Reads {"faults": [{"kind": "error", "service": ..., ...}, ...]}: the members of Fault in lower
// camel case, `delay` and `lasts` in seconds, `kind` one of delay, error, records, reset, hang,
// garbage, cut, loseAnswer. INVALID_ARGUMENT for anything else, unknown members included.
absl::StatusOr<std::vector<Fault>> ParseFaults(std::string_view json);

}  // namespace tidemark::fake_aws
