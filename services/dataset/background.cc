#include "services/dataset/background.h"

#include "absl/time/clock.h"
#include "common/errors/sqlstate.h"
#include "common/obs/metrics.h"

namespace tidemark::dataset {
namespace {

constexpr absl::Duration kUpkeepInterval = absl::Seconds(1);
constexpr absl::Duration kUpkeepTime = absl::Seconds(30);
constexpr absl::Duration kSessionsInterval = absl::Seconds(3);
constexpr absl::Duration kSessionsTime = absl::Seconds(5);
// Above this the operator should know that a destination is about to lose changes.
constexpr double kFillAlarm = 0.5;
// Passes in a row that could make no room in the log: no longer somebody's short transaction.
constexpr int kBusyAlarm = 10;

prometheus::Counter& EmptiedCounter(prometheus::Registry& registry, const char* why) {
  return obs::Counter(registry, "tidemark_dataset_log_partitions_emptied_total",
                      "Partitions of the change log that were emptied: `passed` by every "
                      "destination, or `bound` by age or size although one still needed it.",
                      {{"cause", why}});
}

}  // namespace

Background::Background(PostgresUpkeep& upkeep, SessionCounter& sessions, AdminStore& admin,
                       Executor& admin_thread, prometheus::Registry& registry)
    : upkeep_(upkeep),
      sessions_(sessions),
      admin_(admin),
      admin_thread_(admin_thread),
      log_bytes_(obs::Gauge(registry, "tidemark_dataset_log_bytes",
                            "Bytes of the change log on disk, indexes included.")),
      log_fill_(obs::Gauge(registry, "tidemark_dataset_log_fill_ratio",
                           "How near undelivered changes are to the log's bounds in age and size; "
                           "at 1 destinations lose changes.")),
      log_partitions_(obs::Gauge(registry, "tidemark_dataset_log_partitions",
                                 "Partitions attached to the change log.")),
      log_ahead_(obs::Gauge(registry, "tidemark_dataset_log_positions_ahead",
                            "Changes that the log has room for before more is made; at 0 every "
                            "write fails.")),
      emptied_passed_(EmptiedCounter(registry, "passed")),
      emptied_unpassed_(EmptiedCounter(registry, "bound")),
      records_purged_(obs::Counter(registry, "tidemark_dataset_records_purged_total",
                                   "Records of deleted datasets that were removed.")),
      failures_(obs::Counter(registry, "tidemark_dataset_upkeep_failures_total",
                             "Passes of the upkeep that failed in part or whole.")),
      thread_([this] { Loop(); }) {}

Background::~Background() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void Background::Loop() {
  absl::Time flush_at = absl::Now() + kSessionsInterval;
  bool running = true;
  while (running) {
    const bool more = RunUpkeep();
    if (absl::Now() >= flush_at) {
      FlushSessions();
      flush_at = absl::Now() + kSessionsInterval;
    }
    running = Pause(more ? absl::Milliseconds(20) : kUpkeepInterval);
  }
  FlushSessions();
}

bool Background::RunUpkeep() {
  UpkeepReport report;
  const absl::Status status = upkeep_.Pass(absl::Now() + kUpkeepTime, report);
  Report(report);
  if (status.ok()) return report.purge_pending;
  failures_.Increment();
  if (const auto held_back = failure_logs_.Admit(absl::Now())) {
    obs::Log(obs::Level::kWarning, "upkeep of the tables failed and will be tried again",
             {{"error", std::string(status.message())},
              {"cause", errors::DriverTextOf(status)},
              {"held_back", *held_back}});
  }
  return false;
}

void Background::Report(const UpkeepReport& report) {
  log_bytes_.Set(static_cast<double>(report.log_bytes));
  log_fill_.Set(report.log_fill);
  log_partitions_.Set(report.partitions);
  log_ahead_.Set(static_cast<double>(report.positions_ahead));
  records_purged_.Increment(static_cast<double>(report.records_purged));
  for (const UpkeepReport::Emptied& partition : report.emptied) {
    (partition.passed ? emptied_passed_ : emptied_unpassed_).Increment();
    obs::Log(
        partition.passed ? obs::Level::kInfo : obs::Level::kError,
        partition.passed
            ? "a part of the change log that every destination has passed was emptied"
            : "a part of the change log reached the log's bounds and was emptied although a "
              "destination still needed it; its consumers must read their pool anew",
        {{"first_position", partition.first_position}, {"end_position", partition.end_position}});
  }
  WarnOfLog(report);
}

void Background::WarnOfLog(const UpkeepReport& report) {
  busy_extensions_ = report.extension_busy ? busy_extensions_ + 1 : 0;
  if (busy_extensions_ >= kBusyAlarm) {
    if (const auto held_back = failure_logs_.Admit(absl::Now())) {
      obs::Log(obs::Level::kWarning,
               "no room can be made in the change log because something keeps a lock on "
               "dataset.change_log; when the room is used up every write fails: end that session",
               {{"positions_ahead", report.positions_ahead}, {"held_back", *held_back}});
    }
  }
  if (report.log_fill >= kFillAlarm) {
    if (const auto held_back = failure_logs_.Admit(absl::Now())) {
      obs::Log(obs::Level::kWarning,
               "undelivered changes near the change log's bounds: see to the destination that "
               "lags, or raise --log-max-age or --log-max-bytes",
               {{"fill", report.log_fill}, {"held_back", *held_back}});
    }
  }
}

void Background::FlushSessions() {
  auto counts = sessions_.Take();
  if (counts.empty()) return;
  // Refused only if a flood of admin calls fills the queue; the counts wait for the next time.
  const bool queued = admin_thread_.TryRun([this, counts] {
    if (!admin_.AddSessions(counts, absl::Now() + kSessionsTime).ok()) sessions_.Add(counts);
  });
  if (!queued) sessions_.Add(counts);
}

bool Background::Pause(absl::Duration pause) {
  std::unique_lock lock(mutex_);
  return !stop_.wait_for(lock, absl::ToChronoNanoseconds(pause), [this] { return stopping_; });
}

}  // namespace tidemark::dataset
