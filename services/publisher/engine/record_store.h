#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "services/publisher/domain/send_result.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// Stores the records of events that are too large for their stream, and makes the URLs by which
// consumers read them. Safe for concurrent use. Callbacks run once, on any thread, perhaps before
// the call returns, and must not block.
class RecordStore {
 public:
  virtual ~RecordStore() = default;

  struct Stored {
    // kRefused: these records will never be taken; kDenied: an operator must act.
    Fault fault = Fault::kNone;
    std::string error;  // without secrets; of kRefused the reason for which the change is parked
    std::string url;    // a secret
    // How long the URL may wait until it is sent, so that its readers have the time they need.
    absl::Duration good_for;
  };
  using Done = std::function<void(Stored)>;
  // Stores `event.records_json()`, unless that was done before (`event.stored_until` is set), and
  // makes a URL. A change that is stored again replaces itself. `event` is needed only during the
  // call.
  virtual void Store(std::string_view pool_id, const Event& event, Done done) = 0;
};

// Where no store is configured: refuses everything, so that it is parked.
class NoRecordStore final : public RecordStore {
 public:
  void Store(std::string_view pool_id, const Event& event, Done done) override;
};

}  // namespace tidemark::publisher
