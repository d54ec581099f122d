#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/publisher/domain/event_encoder.h"
#include "services/publisher/domain/types.h"
#include "services/publisher/store/change_log.h"
#include "tidemark/change/v1/change.pb.h"

namespace tidemark::publisher {

// Makes events of the log's rows. One thread at a time; keeps its memory for the next row.
class EventDecoder {
 public:
  // INVALID_ARGUMENT if the row's body is not a Change.
  absl::StatusOr<Event> Decode(const LogRow& row, absl::Time now);
  // A copy of a dataset, or its deletion: a whole Change that does not stand in the log.
  Event EncodeCopy(const change::v1::Change& change, LogShard log_shard, absl::Time now);

 private:
  // Fills in key and data.
  void Encode(const change::v1::Change& change, Event& event);

  change::v1::Change change_;
  std::vector<EventRecord> records_;
};

}  // namespace tidemark::publisher
