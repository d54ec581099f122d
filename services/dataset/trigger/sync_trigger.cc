#include "services/dataset/trigger/sync_trigger.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"
#include "common/obs/log.h"
#include "services/dataset/trigger/event.h"
#include "services/dataset/trigger/trigger_errors.h"

namespace tidemark::dataset {
namespace {

constexpr auto kMaxEvent = static_cast<std::int64_t>(aws::kMaxInvokeBytes);

// A timeout took all the time there was.
bool MayBeRetried(const aws::CallError& error) {
  if (error.code == aws::kTimeoutCode || error.code == aws::kTooLargeCode) return false;
  return (error.error_class == aws::ErrorClass::kTransient ||
          error.error_class == aws::ErrorClass::kCredentials);
}

// Of a record, besides its key and value.
constexpr std::int64_t kRecordMemory = 256;

std::int64_t MemoryOf(const DatasetView& view) {
  return view.bytes + kRecordMemory * static_cast<std::int64_t>(view.records.size());
}

}  // namespace

// An update on its way.
struct SyncTrigger::Job {
  UpdateRequest request;  // as it came
  std::string function;
  absl::Time deadline;
  Done done;
  std::unique_ptr<Bulkhead::Place> place;
  DatasetView view;
  absl::Time until;  // the function has this long
  absl::Time began;  // of the call that runs
  bool retried = false;
};

void SyncTrigger::Update(UpdateRequest request, const std::string& function, absl::Time deadline,
                         Done done) {
  auto place = bulkhead_.Enter(request.dataset.identity.pool_id);
  if (place == nullptr) {
    parts_.metrics.Refused();
    return done(TriggerThrottled(function, "too many updates of the pool wait for it"));
  }
  const ViewQuery query{request.dataset, request.identity, kMaxEvent};
  auto job = std::make_shared<Job>();
  job->request = std::move(request);
  job->function = function;
  job->deadline = deadline;
  job->done = std::move(done);
  job->place = std::move(place);
  parts_.reads.View(query, deadline, [this, job](absl::StatusOr<DatasetView> view) {
    OnView(job, std::move(view));
  });
}

void SyncTrigger::OnView(const JobPtr& job, absl::StatusOr<DatasetView> view) {
  if (!view.ok()) return End(job, std::move(view).status());
  if (view->repeat) {
    const Applied* const applied = std::get_if<Applied>(&*view->repeat);
    if (applied == nullptr) return End(job, ToStatus(*view->repeat));
    if (!applied->triggered) return End(job, AnswerOf(job->request, *applied));
    job->place.reset();
    return AnswerRepeat(std::move(job->request), *applied, job->deadline, std::move(job->done));
  }
  if (!view->complete) {
    return Fail(job, TriggerFailed(job->function,
                                   absl::StrCat("the dataset has ", view->bytes,
                                                " bytes of keys and values; with a sync trigger "
                                                "at most ",
                                                kMaxEvent, ". Remove some records")));
  }
  const Conflict conflict = ConflictsWith(job->request, *view);
  if (!conflict.keys.empty()) return End(job, ToStatus(conflict));
  job->view = *std::move(view);
  OnThread(job, [this, job] { Invoke(job); });
}

void SyncTrigger::Invoke(const JobPtr& job) {
  std::string event = WriteEvent(parts_.region, job->request, job->view);
  const auto size = static_cast<std::int64_t>(event.size());
  if (size > kMaxEvent) {
    return Fail(
        job, TriggerFailed(job->function, absl::StrCat("the event would have ", size,
                                                       " bytes; Lambda takes at most ", kMaxEvent,
                                                       ". Remove some records")));
  }
  if (!job->retried && !job->place->Grow(MemoryOf(job->view) + size)) {
    return Fail(job, TriggerThrottled(job->function,
                                      "updates that wait for functions take too "
                                      "much memory"));
  }
  job->began = parts_.clock.Now();
  if (!job->retried) job->until = std::min(job->began + kTriggerTime, job->deadline);
  parts_.metrics.Began();
  parts_.functions.Invoke(
      job->function, std::move(event), std::max(job->until - job->began, absl::Milliseconds(1)),
      job->request.origin.traceparent,
      [this, job](aws::InvokeResult result) { OnAnswer(job, std::move(result)); });
}

void SyncTrigger::OnAnswer(const JobPtr& job, aws::InvokeResult result) {
  const absl::Time now = parts_.clock.Now();
  parts_.metrics.Ended(now - job->began);
  if (const auto* error = std::get_if<aws::CallError>(&result)) {
    if (job->retried || now >= job->until || !MayBeRetried(*error)) {
      return Fail(job, TriggerError(job->function, *error),
                  absl::StrCat(error->http_status, " ", error->code));
    }
    job->retried = true;
    return OnThread(job, [this, job] { Invoke(job); });
  }
  auto answer =
      std::make_shared<aws::FunctionAnswer>(std::get<aws::FunctionAnswer>(std::move(result)));
  OnThread(job, [this, job, answer] {
    auto output = ReadAnswer(*job, *answer);
    if (!output.ok()) return Fail(job, std::move(output).status());
    parts_.metrics.Outcome(absl::OkStatus());
    Commit(job, *output);
  });
}

absl::StatusOr<TriggerOutput> SyncTrigger::ReadAnswer(const Job& job,
                                                      const aws::FunctionAnswer& answer) {
  if (!answer.function_error.empty()) return TriggerFailure(job.function, answer.payload);
  const auto size = static_cast<std::int64_t>(answer.payload.size());
  if (size > kMaxEvent) {
    return TriggerFailed(job.function,
                         absl::StrCat("the output has ", size, " bytes; at most ", kMaxEvent));
  }
  if (!job.place->Grow(size)) {
    return TriggerThrottled(job.function, "updates that wait for functions take too much memory");
  }
  auto output = ReadEvent(parts_.region, job.request, answer.payload);
  if (!output.ok()) return TriggerFailed(job.function, ToStd(output.status().message()));
  return output;
}

void SyncTrigger::Commit(const JobPtr& job, const TriggerOutput& output) {
  // The function may have taken seconds.
  absl::Status pool = parts_.require_pool(job->request.dataset.identity.pool_id);
  if (!pool.ok()) return End(job, std::move(pool));
  const absl::Time now = TruncateToMillis(parts_.clock.Now());
  TriggerPlan plan = PlanOf(job->request, job->view, output, now);
  UpdateRequest update = job->request;
  update.patches = std::move(plan.patches);
  update.seen_generation = job->view.generation;
  job->view = {};
  job->place.reset();
  if (update.patches.empty()) return End(job, TriggerAnswer({}, std::move(plan.left_out)));
  parts_.updates.Submit(std::move(update), job->deadline,
                        [this, job, left_out = std::move(plan.left_out)](
                            UpdateRequest committed, const UpdateOutcome& outcome) mutable {
                          OnOutcome(job, std::move(committed), std::move(left_out), outcome);
                        });
}

void SyncTrigger::OnOutcome(const JobPtr& job, UpdateRequest committed,
                            std::map<std::size_t, Record> left_out, const UpdateOutcome& outcome) {
  const Applied* const applied = std::get_if<Applied>(&outcome);
  if (applied == nullptr) return End(job, ToStatus(outcome));
  if (!applied->replayed) {
    return End(job, TriggerAnswer(AnswerOf(committed, *applied), std::move(left_out)));
  }
  // The same request was applied while the function ran for this one.
  if (!applied->triggered) return End(job, AnswerOf(job->request, *applied));
  AnswerRepeat(std::move(job->request), *applied, job->deadline, std::move(job->done));
}

void SyncTrigger::AnswerRepeat(UpdateRequest request, const Applied& applied, absl::Time deadline,
                               Done done) {
  const ViewQuery query{request.dataset, request.identity,
                        std::numeric_limits<std::int64_t>::max()};
  parts_.reads.View(
      query, deadline,
      [this, request = std::move(request), count = applied.sync_count,
       done = std::move(done)](absl::StatusOr<DatasetView> view) {
        if (!view.ok()) return done(std::move(view).status());
        done(RepeatAnswer(request, count, *view, TruncateToMillis(parts_.clock.Now())));
      });
}

void SyncTrigger::OnThread(const JobPtr& job, std::function<void()> step) {
  if (parts_.threads.TryRun(std::move(step))) return;
  Fail(job, TriggerThrottled(job->function, "too many updates wait for functions"));
}

void SyncTrigger::Fail(const JobPtr& job, absl::Status why, const std::string& lambda) {
  parts_.metrics.Outcome(why);
  // Neither the function's own words nor Lambda's: they may hold what users store.
  if (const auto held_back = failures_.Admit(parts_.clock.Now())) {
    obs::Log(obs::Level::kWarning, "a sync trigger failed, and the sync with it",
             {{"pool_id", job->request.dataset.identity.pool_id},
              {"function", job->function},
              {"reason", errors::ReasonName(errors::ReasonOf(why))},
              {"lambda", lambda},
              {"held_back", *held_back}});
  }
  End(job, std::move(why));
}

void SyncTrigger::End(const JobPtr& job, absl::StatusOr<std::vector<Record>> answer) {
  job->place.reset();  // before: once all calls are answered, the bulkhead may go
  job->done(std::move(answer));
}

}  // namespace tidemark::dataset
