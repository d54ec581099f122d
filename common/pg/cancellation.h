#pragma once

#include <memory>

#include "absl/time/time.h"

struct pg_conn;

namespace tidemark::pg {

// Asks the server to cancel what a session runs. Cancelling takes a connection of its own, which
// libpq makes without any limit of time: so it happens on a thread that a frozen server may hold.
class Cancellation {
 public:
  explicit Cancellation(pg_conn* session);

  // Waits until the server has taken the request, or `until` passes. False: the request may still
  // arrive, so the session must not be used again.
  bool Wait(absl::Time until);

 private:
  struct Request;
  std::shared_ptr<Request> request_;
};

}  // namespace tidemark::pg
