#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "common/base/random.h"
#include "services/publisher/domain/delivery_window.h"
#include "services/publisher/domain/types.h"
#include "services/publisher/engine/outlet.h"
#include "services/publisher/engine/record_store.h"

namespace tidemark::publisher {

// Has the records of changes that are too large for their stream stored, with a bound on the bytes
// under way to the store for all streams together. For the dispatcher's thread.
class Uploader {
 public:
  struct Answer {
    OutletId outlet;
    DeliveryWindow::UploadId upload = 0;
    std::int64_t bytes = 0;
    std::string traceparent;  // of the change
    RecordStore::Stored stored;
  };
  // Hands an answer over to the dispatcher's thread; on any thread, also after the uploader's end.
  using Post = std::function<void(Answer)>;

  // `store` outlives the uploader, and may call back even later.
  Uploader(RecordStore& store, std::int64_t bytes_under_way, Post post)
      : store_(store), bound_(bytes_under_way), post_(std::move(post)) {}

  // Begins what can begin.
  void Pump(Outlet& outlet, absl::Time now);

  // When Pump may have something to do, if nothing happens before; InfiniteFuture for never.
  absl::Time NextDue(const Outlet& outlet) const;

  // Heeds an answer. A change whose records will never be taken comes back, to be parked with the
  // reason that stands in `error`. `outlet`: null if it was closed meanwhile.
  std::optional<DeliveryWindow::Refused> Finish(Outlet* outlet, Answer answer, absl::Time now,
                                                Random& random);
  // The destinations that waited for the bound, longest first, once there is room.
  std::deque<DestinationId> TakeWaiting();

 private:
  bool Full() const { return bytes_ >= bound_; }
  bool Waits(DestinationId id) const {
    return std::find(waiting_.begin(), waiting_.end(), id) != waiting_.end();
  }
  void Begin(const Outlet& outlet, const DeliveryWindow::Upload& upload);

  RecordStore& store_;
  const std::int64_t bound_;
  const Post post_;
  std::int64_t bytes_ = 0;
  std::deque<DestinationId> waiting_;
};

}  // namespace tidemark::publisher
