#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/cancellation.h"
#include "common/pg/options.h"
#include "common/pg/pipeline_session.h"
#include "common/pg/query.h"
#include "common/pg/reconnector.h"
#include "common/pg/result.h"
#include "common/pg/turn_queue.h"
#include "common/pg/wake.h"

namespace tidemark::pg {

struct PipelineLimits {
  // Statements on their way at a time.
  std::size_t in_flight = 16;
  // Statements that wait for their turn: in all, and of one pool.
  std::size_t queued = 1024;
  std::size_t queued_per_pool = 512;
  // How long statements wait for a lost connection to come back before they fail.
  absl::Duration patience = absl::Milliseconds(400);
};

// A read lane: one thread and one connection, which runs statements in libpq's pipeline mode.
// Submit may be called by any thread.
//
// For statements that only read: those on their way when the connection breaks are sent once more
// on the next one. The lane connects by itself, and again when the connection is lost; while there
// is none, statements fail within PipelineLimits::patience.
class PipelineLane {
 public:
  using Done = std::function<void(absl::StatusOr<Result>)>;

  explicit PipelineLane(ConnectOptions options, const PipelineLimits& limits = {});
  // Takes no more statements, finishes those it has, and ends the thread.
  ~PipelineLane();

  PipelineLane(const PipelineLane&) = delete;
  PipelineLane& operator=(const PipelineLane&) = delete;

  // Queues a statement, which one pool asks; pools take turns. If that succeeds, `done` is called
  // once, on the lane's thread, which it must not hold up: with the result, or an error as of
  // Connection::Run. DEADLINE_EXCEEDED comes at the deadline, within some 10 ms. Otherwise the
  // statement is forgotten: RESOURCE_EXHAUSTED with QUEUE_FULL if the queue, or the pool's part of
  // it, is full, UNAVAILABLE with NOT_READY if the lane is being destroyed.
  absl::Status Submit(const std::string& pool, const Query& query, Params params,
                      absl::Time deadline, Done done);

  // Whether there is a connection: for readiness.
  bool connected() const { return connected_; }
  // Statements that are queued or on their way.
  std::size_t pending() const { return pending_; }

 private:
  struct Request {
    std::string pool;
    Query query;
    Params params;
    absl::Time deadline;
    Done done;  // empty once it was called
    int sends_left = 2;
  };

  void Loop();
  // Moves what was submitted into `waiting_`; false if the lane is to end and nothing is left.
  bool TakeSubmitted();
  void Connect();
  void SendWaiting();
  // Until there is something to do; whether the session can be read.
  bool Wait();
  void Receive();
  // `cancelled`: whether the server was asked to cancel this request.
  bool NeedsAnotherTry(Request& request, const absl::Status& status, bool cancelled);

  // Looks after deadlines.
  void Sweep(absl::Time now);
  void SweepOldest(absl::Time now);
  void Disconnect(const absl::Status& why);

  // Calls `done`, unless that has happened.
  static void Complete(Request& request, absl::StatusOr<Result> outcome);
  // The same for a request that is in no queue any more.
  void Finish(Request& request, absl::StatusOr<Result> outcome);
  static absl::Status DeadlinePassed();

  const ConnectOptions options_;
  const PipelineLimits limits_;
  Wake wake_;

  // The lane's thread alone.
  Reconnector reconnector_;
  Connection* connection_ = nullptr;  // null while there is none
  std::optional<PipelineSession> session_;
  TurnQueue<Request> waiting_;
  std::deque<Request> in_flight_;             // in the order of the session's outcomes
  absl::Time oldest_since_;                   // when the first of them became the first
  std::optional<Cancellation> cancellation_;  // of the first of them
  absl::Time cancelled_at_;
  int stray_cancels_ = 0;  // signals of the last one that may still hit any statement
  absl::Time down_since_;
  absl::Status down_because_;
  absl::Time swept_at_ = absl::InfinitePast();

  std::atomic<bool> connected_ = false;
  std::atomic<std::size_t> pending_ = 0;
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> pending_of_;  // by pool, as pending_
  std::vector<Request> submitted_;
  bool asleep_ = false;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace tidemark::pg
