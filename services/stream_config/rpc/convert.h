#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/stream_config/domain/change.h"
#include "services/stream_config/domain/pool.h"
#include "tidemark/stream_config/v1/pool.pb.h"
#include "tidemark/stream_config/v1/stream_config_service.pb.h"

// The wire to the domain and back. Each Parse names every violation at once.
namespace tidemark::stream_config {

struct ParsedCreate {
  std::string pool_id;  // empty: to be made up
  SettingsChange settings;
  std::string request_id;
  std::string content_hash;
};
// `region`: the installation's.
absl::StatusOr<ParsedCreate> ParseCreate(const v1::CreatePoolRequest& request,
                                         std::string_view region);

struct ParsedUpdate {
  std::string pool_id;
  SettingsChange change;
  std::optional<Version> expected;
};
absl::StatusOr<ParsedUpdate> ParseUpdate(const v1::UpdatePoolRequest& request,
                                         std::string_view region);

struct ParsedDelete {
  std::string pool_id;
  bool force = false;
  std::optional<Version> expected;
};
absl::StatusOr<ParsedDelete> ParseDelete(const v1::DeletePoolRequest& request);

struct ParsedDisable {
  std::string pool_id;
  Unwritable what;
  std::string reason;
};
absl::StatusOr<ParsedDisable> ParseDisable(const v1::DisableStreamRequest& request);

// The pool's id of a request that has nothing else.
absl::StatusOr<std::string> ParsePoolId(std::string_view pool_id);

google::protobuf::Timestamp ToTimestamp(absl::Time time);
void ToProto(const Pool& pool, v1::Pool& proto);
// Without its progress.
void ToProto(const BulkPublish& bulk, v1::BulkPublish& proto);

}  // namespace tidemark::stream_config
