#include "common/pg/connections.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "common/pg/migrate.h"

namespace tidemark::pg {
namespace {

absl::Status NoneFree() {
  return errors::Error(absl::StatusCode::kDeadlineExceeded,
                       errors::v1::ERROR_REASON_DEADLINE_EXCEEDED,
                       "no database connection became free in time; nothing was done");
}

}  // namespace

Connections::Connections(ConnectOptions options, const MigrationSet& schema, int count)
    : options_(std::move(options)), schema_(schema), free_(count) {}

absl::StatusOr<Result> Connections::Run(const Query& query, const Params& params,
                                        absl::Time deadline) {
  while (true) {
    TM_ASSIGN_OR_RETURN(Lease lease, Take(deadline));
    if (lease.fresh || lease.connection.Lives(deadline)) {
      return RunOn(lease, query, params, deadline);
    }
    GiveBack(std::nullopt);
  }
}

absl::StatusOr<Result> Connections::Read(const Query& query, const Params& params,
                                         absl::Time deadline) {
  while (true) {
    TM_ASSIGN_OR_RETURN(Lease lease, Take(deadline));
    const bool fresh = lease.fresh;
    absl::StatusOr<Result> result = RunOn(lease, query, params, deadline);
    if (fresh || !absl::IsUnavailable(result.status())) return result;
  }
}

absl::StatusOr<Connections::Lease> Connections::Take(absl::Time deadline) {
  {
    std::unique_lock lock(mutex_);
    const auto free = [this] { return free_ > 0; };
    if (!returned_.wait_until(lock, absl::ToChronoTime(deadline), free)) return NoneFree();
    --free_;
    if (!idle_.empty()) {
      Lease lease{std::move(idle_.back()), false};
      idle_.pop_back();
      return lease;
    }
  }
  absl::StatusOr<Connection> opened = Open(deadline);
  if (!opened.ok()) {
    GiveBack(std::nullopt);
    return std::move(opened).status();
  }
  return Lease{*std::move(opened), true};
}

absl::StatusOr<Connection> Connections::Open(absl::Time deadline) const {
  ConnectOptions options = options_;
  options.connect_timeout = std::min(options.connect_timeout, deadline - absl::Now());
  if (options.connect_timeout <= absl::ZeroDuration()) return NoneFree();
  TM_ASSIGN_OR_RETURN(Connection connection, Connection::Open(options));
  TM_RETURN_IF_ERROR(RequireSchema(connection, schema_.schema, schema_.last(), deadline));
  return connection;
}

absl::StatusOr<Result> Connections::RunOn(Lease& lease, const Query& query, const Params& params,
                                          absl::Time deadline) {
  absl::StatusOr<Result> result = lease.connection.Run(query, params, deadline);
  if (lease.connection.Healthy()) {
    GiveBack(std::move(lease.connection));
  } else {
    GiveBack(std::nullopt);
  }
  return result;
}

void Connections::GiveBack(std::optional<Connection> connection) {
  std::vector<Connection> broken;  // closed outside of the lock
  {
    const std::lock_guard lock(mutex_);
    ++free_;
    if (connection) {
      idle_.push_back(*std::move(connection));
    } else {
      // What broke one has probably broken all: let no other caller find out.
      broken.swap(idle_);
    }
  }
  returned_.notify_one();
}

}  // namespace tidemark::pg
