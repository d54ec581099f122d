#include "common/pg/cancellation.h"

#include <libpq-fe.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "absl/time/clock.h"

namespace tidemark::pg {
namespace {

struct CancelDeleter {
  void operator()(PGcancel* cancel) const noexcept { PQfreeCancel(cancel); }
};

}  // namespace

struct Cancellation::Request {
  std::unique_ptr<PGcancel, CancelDeleter> cancel;
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
};

Cancellation::Cancellation(pg_conn* session) : request_(std::make_shared<Request>()) {
  request_->cancel.reset(PQgetCancel(session));
  if (!request_->cancel) return;
  std::thread([request = request_] {
    char error[256];
    PQcancel(request->cancel.get(), error, sizeof(error));
    const std::lock_guard lock(request->mutex);
    request->done = true;
    request->changed.notify_all();
  }).detach();
}

bool Cancellation::Wait(absl::Time until) {
  std::unique_lock lock(request_->mutex);
  return request_->changed.wait_for(lock, absl::ToChronoNanoseconds(until - absl::Now()),
                                    [this] { return request_->done; });
}

}  // namespace tidemark::pg
