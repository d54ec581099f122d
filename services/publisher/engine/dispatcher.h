#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/units.h"
#include "services/publisher/domain/cursor_tracker.h"
#include "services/publisher/domain/delivery_window.h"
#include "services/publisher/engine/copy_guards.h"
#include "services/publisher/engine/copy_inbox.h"
#include "services/publisher/engine/declared_losses.h"
#include "services/publisher/engine/lease_guard.h"
#include "services/publisher/engine/metrics.h"
#include "services/publisher/engine/neighbours.h"
#include "services/publisher/engine/outlet.h"
#include "services/publisher/engine/record_store.h"
#include "services/publisher/engine/stream_sender.h"
#include "services/publisher/engine/uploader.h"

namespace tidemark::publisher {

// A change and where it goes.
struct Routed {
  DestinationId destination;
  Event event;
};

// Sends changes to their destinations: one thread, which alone touches the delivery windows. It
// takes changes and answers from its inbox, and keeps several requests in flight per destination.
// Before each request it asks whether the lease still holds.
//
// The reader's thread, the one that copies and the term's call it, and senders call back on any:
// none of them waits for a stream. Its three locks are never held together; with report_mutex_
// held, an OutletLoad's is taken, and with the others none.
class Dispatcher {
 public:
  struct Options {
    WindowLimits window;
    // Memory of changes taken and not delivered, above which there is no room.
    std::int64_t queue_bytes = 64 * kMiB;
    // Data in flight to all destinations together.
    std::int64_t bytes_in_flight = 24 * kMiB;
    // Records under way to their store.
    std::int64_t upload_bytes = 16 * kMiB;
  };
  // All outlive the dispatcher; callbacks of `sender` and `records` may come even later.
  struct Parts {
    StreamSender& sender;
    RecordStore& records;
    CursorTracker& tracker;
    DeclaredLosses& losses;
    const LeaseGuard& lease;
    Neighbours& neighbours;
    Metrics& metrics;
    CopyGuards& guards;
    CopyInbox& copies;
    const Clock& wall;
    const Clock& boottime;
    Random& random;
  };

  Dispatcher(const Options& options, const Parts& parts);
  // As Stop without grace.
  ~Dispatcher();

  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // `load` tells what is on its way to it: whoever delivers to it enters each change there.
  void Add(const DestinationConfig& destination, std::shared_ptr<OutletLoad> load);
  // Tells new settings of a destination that was added.
  void Reconfigure(const DestinationConfig& destination);
  // Gives up what waits for it.
  void Remove(DestinationId destination);
  // Takes changes of destinations that were added, in the order in which each is to receive them.
  void Deliver(std::vector<Routed> changes);

  // Has it drop what was not sent yet (OutletLoad::Shed says what), and take nothing of the kind
  // until Reopen(): what it is to have after that is delivered anew.
  void SplitOff(DestinationId destination) { Post(Splitting{destination}); }
  void Reopen(DestinationId destination) { Post(Reopening{destination}); }

  // Takes copies of datasets, read under `read`, each with a ticket. What becomes of each is told
  // to Parts::copies.
  void DeliverCopies(DestinationId destination, std::shared_ptr<const CopyGuards::Read> read,
                     std::vector<Event> copies);

  // Waits up to `patience` until less than `below` bytes are queued. Whether there is room for more
  // then. For the reader's thread.
  bool WaitForRoom(std::int64_t below, absl::Duration patience);
  // When a change, not a copy, was last delivered; by the boottime clock.
  absl::Time last_change() const { return absl::FromUnixNanos(last_change_); }
  // Whether the queue is at most half full: for work that can wait.
  bool HalfEmpty() const { return queued_bytes_ <= options_.queue_bytes / 2; }
  std::int64_t queued_bytes() const { return queued_bytes_; }
  std::int64_t queue_limit() const { return options_.queue_bytes; }

  // As of the last 100 ms.
  struct Report {
    std::map<DestinationId, OutletStats> destinations;
    // Both by the boottime clock. When a stream last took something; never: InfinitePast.
    absl::Time last_delivery = absl::InfinitePast();
    // Since when, without a break, something has waited for its stream, which is not paused, while
    // the lease held; nothing waits: InfiniteFuture.
    absl::Time waiting_since = absl::InfiniteFuture();
  };
  Report report() const;

  // Sends nothing more, waits up to `grace` for the answers to what is in flight, and ends the
  // thread. Later answers are ignored.
  void Stop(absl::Duration grace);

 private:
  struct Answer {
    OutletId outlet;
    DestinationConfig sent_with;  // the settings
    DeliveryWindow::RequestId request = 0;
    std::size_t records = 0;
    std::int64_t bytes = 0;
    absl::Time sent;
    std::string traceparent;  // of one of the changes
    SendResult result;
  };
  struct Sight {  // how a stream was found
    OutletId outlet;
    DestinationConfig looked_with;  // the settings
    StreamSender::Sight sight;
  };
  struct Opening {
    DestinationConfig config;
    std::shared_ptr<OutletLoad> load;
  };
  struct Closing {
    DestinationId id;
  };
  struct Splitting {
    DestinationId id;
  };
  struct Reopening {
    DestinationId id;
  };
  struct Copies {
    DestinationId destination;
    std::shared_ptr<const CopyGuards::Read> read;
    std::vector<Event> events;
  };
  using Command = std::variant<Opening, DestinationConfig, Closing, Splitting, Reopening,
                               std::vector<Routed>, Copies>;

  // Shared with callbacks, which may outlive the dispatcher.
  struct Inbox {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Command> commands;
    std::vector<Answer> answers;
    std::vector<Sight> sights;
    std::vector<Uploader::Answer> uploads;
    bool stopping = false;
    absl::Time stop_by;  // by the boottime clock

    bool empty() const {
      return commands.empty() && answers.empty() && sights.empty() && uploads.empty();
    }
  };

  void Post(Command command);
  void Loop();
  // Waits until there is something to do. False: the end.
  bool Await(std::vector<Command>& commands, std::vector<Answer>& answers,
             std::vector<Sight>& sights);
  absl::Time NextDue() const;

  void Execute(Opening opening);
  void Execute(DestinationConfig destination);
  void Execute(Closing closing);
  void Execute(Splitting splitting);
  void Execute(Reopening reopening);
  void Execute(std::vector<Routed> changes);
  void Execute(Copies copies);
  Outlet* Find(DestinationId destination);
  // Null if it was closed, also if the destination has another one now.
  Outlet* Find(const OutletId& id);
  void Take(Outlet& outlet, Event event);
  // Of changes that are settled or given up.
  void Release(Outlet& outlet, std::int64_t changes, std::int64_t bytes);
  void ReleaseBytes(std::int64_t bytes);
  void PublishSoon();
  void Publish();

  // dispatcher_sending.cc
  void Pump();
  // Sends what can be sent. False: the lease is not held; the outlet's turn comes again.
  bool PumpOne(Outlet& outlet);
  // How many bytes more may be in flight to the destination. It leaves others as much as it has
  // itself, so that those that do not answer never take all; 0 for none.
  std::int64_t Allowance(const Outlet& outlet) const;
  void Send(Outlet& outlet, DeliveryWindow::Request request);
  void PumpUploads(Outlet& outlet);
  absl::Time NextUploadDue(const Outlet& outlet) const;
  void Look(Outlet& outlet);
  absl::Time NextDue(const Outlet& outlet) const;
  // Gets nothing for now: it is paused, or its predecessor is not yet through.
  bool Rests(const Outlet& outlet) const {
    return outlet.config.paused || closing_.contains(outlet.config.id.pool_number);
  }
  void WakeDue();
  void MakeRunnable(Outlet& outlet);

  // dispatcher_outcomes.cc
  void Finish(Answer answer);
  void CountFailures(Outlet& outlet, const Answer& answer);
  // Sorts what was delivered: copies have no place in the log.
  void NoteDelivered(Outlet& outlet, const Answer& answer, const std::vector<Event>& delivered);
  // A change, or a copy, that is refused for good.
  void GiveUp(Outlet& outlet, const Event& event, std::string reason);
  void FinishClosed(DestinationId destination);
  void FinishUpload(Uploader::Answer answer);
  void Heed(const Sight& sight);
  // Because of what came of a call with these settings.
  void TurnOff(const DestinationConfig& settings, const std::string& reason);

  const Options options_;
  const Parts parts_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();

  // The dispatcher's thread alone.
  absl::flat_hash_map<DestinationId, std::unique_ptr<Outlet>> outlets_;
  std::uint64_t openings_ = 0;
  Uploader uploader_;
  std::vector<Uploader::Answer> uploads_;  // taken from the inbox
  std::deque<Outlet*> runnable_;
  std::set<DestinationId> starved_;  // have no allowance until something is answered
  std::set<std::pair<absl::Time, DestinationId>> timers_;
  std::map<std::int32_t, int> closing_;  // requests in flight of closed outlets, by pool
  std::int64_t bytes_in_flight_ = 0;
  std::size_t requests_in_flight_ = 0;
  std::int64_t changes_ = 0;
  bool lease_held_ = true;
  bool stopping_ = false;
  absl::Time publish_at_ = absl::InfinitePast();
  absl::Time last_delivery_ = absl::InfinitePast();

  std::atomic<std::int64_t> queued_bytes_ = 0;
  std::atomic<std::int64_t> room_below_ = 0;   // who waits for room is told below this
  std::atomic<std::int64_t> last_change_ = 0;  // nanoseconds
  mutable std::mutex report_mutex_;
  Report report_;
  std::map<DestinationId, std::shared_ptr<const OutletLoad>> loads_;  // with report_mutex_
  std::mutex room_mutex_;  // guards nothing: for waiting until queued_bytes_ falls
  std::condition_variable room_;
  std::thread thread_;
};

}  // namespace tidemark::publisher
