#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/commands/session.h"
#include "tidemark/stream_config/v1/pool.pb.h"

namespace tidemark::cli {

// Asks for a pool's last bulk publish.
absl::StatusOr<stream_config::v1::BulkPublish> GetBulk(Session& session, const std::string& pool);

// Asks every second until `bulk` has ended, and shows progress on stderr: a line that is written
// over on a terminal, else a line every 10 s. An outage of the service ends it after half a minute:
// the bulk publish itself goes on. An error if another one has begun meanwhile.
absl::StatusOr<stream_config::v1::BulkPublish> WaitForBulk(Session& session,
                                                           const std::string& pool,
                                                           stream_config::v1::BulkPublish bulk);

}  // namespace tidemark::cli
