#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/connection.h"
#include "common/pg/options.h"
#include "common/pg/query.h"
#include "common/pg/result.h"

// What Connection and PipelineLane do with a libpq session. For common/pg alone.
namespace tidemark::pg {

// Connects, within connect_timeout for each host. The session is non-blocking and silent: notices
// go nowhere.
absl::StatusOr<SessionHandle> Connect(const ConnectOptions& options);

// Waits until the descriptor `fd` is ready for one of `events` (as poll's) or `until` passes;
// whether it is ready.
bool PollUntil(int fd, short events, absl::Time until);

// The error that `result` holds, or OK. A failed result without a SQLSTATE is a broken connection.
absl::Status StatusOf(const pg_result* result);

// The error of a session that broke without a result.
absl::Status BrokenSession(pg_conn* session);

// Parameters in the form that libpq takes. Points into `params`.
struct Arguments {
  explicit Arguments(const Params& params);

  int size() const { return static_cast<int>(values.size()); }

  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
};

inline constexpr int kBinary = 1;  // libpq's number for the binary format

}  // namespace tidemark::pg
