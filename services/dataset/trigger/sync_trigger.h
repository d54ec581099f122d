#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/executor.h"
#include "common/obs/log.h"
#include "services/dataset/domain/trigger.h"
#include "services/dataset/store/store.h"
#include "services/dataset/store/update_sink.h"
#include "services/dataset/trigger/bulkhead.h"
#include "services/dataset/trigger/functions.h"
#include "services/dataset/trigger/trigger_metrics.h"

namespace tidemark::dataset {

// How long a function may take, all in all (contract section 7).
inline constexpr absl::Duration kTriggerTime = absl::Seconds(5);

// Updates that a function sees before they are stored:
//
//   view the dataset -> early conflicts -> event -> the function -> its output -> commit
//
// Nothing is held while the function runs but a place in the bulkhead: no connection, no lock, no
// thread. What the function made is committed if its keys still have the counts that it saw; it
// never runs twice for one commit, save that a call which Lambda broke off is made once more. The
// pool must still be there after the call; its other settings hold as they were when it began.
//
// A repeat of an applied update does not run the function: it is answered from the view. Safe for
// concurrent use.
class SyncTrigger {
 public:
  // Calls back once, on any thread: with the records that UpdateRecords answers.
  using Done = std::function<void(absl::StatusOr<std::vector<Record>>)>;

  // All of it outlives the object and its calls.
  struct Parts {
    ReadStore& reads;
    UpdateSink& updates;
    Functions& functions;
    Executor& threads;  // write and read events, which are large at times
    const Clock& clock;
    TriggerMetrics& metrics;
    std::string region;  // of this installation
    // OK, or what the caller of a pool that is gone is told. Never blocks.
    std::function<absl::Status(const std::string& pool_id)> require_pool;
  };

  SyncTrigger(Parts parts, const Bulkhead::Limits& limits)
      : parts_(std::move(parts)), bulkhead_(limits) {}

  // Applies `request` through `function` (its ARN). Errors: those of the store, of ToStatus, of
  // Parts::require_pool, and TRIGGER_FAILED, TRIGGER_TIMED_OUT, TRIGGER_THROTTLED.
  void Update(UpdateRequest request, const std::string& function, absl::Time deadline, Done done);

  // Answers a repeat of `request` that was applied with patches of a function, whether or not the
  // pool still has one.
  void AnswerRepeat(UpdateRequest request, const Applied& applied, absl::Time deadline, Done done);

 private:
  struct Job;
  using JobPtr = std::shared_ptr<Job>;

  // The steps of a job, each on whatever thread the one before ended.
  void OnView(const JobPtr& job, absl::StatusOr<DatasetView> view);
  void Invoke(const JobPtr& job);
  void OnAnswer(const JobPtr& job, aws::InvokeResult result);
  absl::StatusOr<TriggerOutput> ReadAnswer(const Job& job, const aws::FunctionAnswer& answer);
  void Commit(const JobPtr& job, const TriggerOutput& output);
  void OnOutcome(const JobPtr& job, UpdateRequest committed, std::map<std::size_t, Record> left_out,
                 const UpdateOutcome& outcome);

  // Runs `step` on one of the threads, or ends the job.
  void OnThread(const JobPtr& job, std::function<void()> step);
  // The function gave no valid answer. `lambda`: the status and code of Lambda's error, if any.
  void Fail(const JobPtr& job, absl::Status why, const std::string& lambda = "");
  void End(const JobPtr& job, absl::StatusOr<std::vector<Record>> answer);

  const Parts parts_;
  Bulkhead bulkhead_;
  obs::LogLimiter failures_{absl::Seconds(1)};
};

}  // namespace tidemark::dataset
