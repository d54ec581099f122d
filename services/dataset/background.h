#pragma once

#include <prometheus/registry.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/base/executor.h"
#include "common/obs/log.h"
#include "services/dataset/rpc/sessions.h"
#include "services/dataset/store/postgres_upkeep.h"
#include "services/dataset/store/store.h"

namespace tidemark::dataset {

// What goes on beside the calls, on a thread of its own: upkeep of the tables about once a second,
// and every few seconds the flush of counted sync sessions. Failures are logged and tried again.
class Background {
 public:
  // Sessions are written with `admin` on `admin_thread`. All arguments outlive the object.
  Background(PostgresUpkeep& upkeep, SessionCounter& sessions, AdminStore& admin,
             Executor& admin_thread, prometheus::Registry& registry);
  // Ends the thread, after a last flush.
  ~Background();

  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

 private:
  void Loop();
  // Whether there is more to do at once.
  bool RunUpkeep();
  void Report(const UpkeepReport& report);
  void WarnOfLog(const UpkeepReport& report);
  void FlushSessions();
  // False when stopping.
  bool Pause(absl::Duration pause);

  PostgresUpkeep& upkeep_;
  SessionCounter& sessions_;
  AdminStore& admin_;
  Executor& admin_thread_;

  prometheus::Gauge& log_bytes_;
  prometheus::Gauge& log_fill_;
  prometheus::Gauge& log_partitions_;
  prometheus::Gauge& log_ahead_;
  prometheus::Counter& emptied_passed_;
  prometheus::Counter& emptied_unpassed_;
  prometheus::Counter& records_purged_;
  prometheus::Counter& failures_;
  obs::LogLimiter failure_logs_{absl::Seconds(10)};
  int busy_extensions_ = 0;  // passes in a row that could make no room in the log

  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tidemark::dataset
