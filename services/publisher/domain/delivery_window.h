#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/node_hash_map.h"
#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/base/units.h"
#include "services/publisher/domain/send_result.h"
#include "services/publisher/domain/types.h"
#include "services/publisher/domain/upload_queue.h"

namespace tidemark::publisher {

// The bounds of requests to one destination (aws-endpoints section 5, PutRecords).
struct WindowLimits {
  std::size_t records_per_request = 500;
  std::int64_t bytes_per_request = 5 * kMiB;  // of data and partition keys
  std::size_t requests_in_flight = 4;
  // The most that data and key of a record may have, unless the stream says otherwise.
  std::int64_t record_bytes = kMiB;
  std::size_t uploads_in_flight = 4;
  // Of a request with copies alone: small, so that a change that comes meanwhile waits little.
  std::int64_t copy_bytes_per_request = kMiB;
};

// The changes on their way to one destination, and which may go next. Changes of a partition key
// wait in line, in the order they were read: at most one of them stands in a request, and at most
// one request with it is in flight. So a failure holds up its own key alone, and no key's changes
// ever arrive out of order.
//
// What fails for a while is sent again after a delay that grows, for ever. What is refused for good
// comes out of Finish() as refused, to be parked. A request that is refused as a whole, because of
// some record in it, is split until that record stands alone; even then it counts as refused only
// if the destination has accepted another record meanwhile, or has refused this one kLoneRefusals
// times in kLoneRefusal while no other was refused or failed: else the fault may well lie
// elsewhere.
//
// A change that is larger than the destination takes is handed out to be stored elsewhere when it
// is the first of its key; until its records are stored, that key waits, and no other.
//
// Copies of datasets stand in the same lines, and give way: while some line that can be sent has a
// change of the log, only such lines are; copies leave one request free for changes, and pause when
// the destination throttles. What is said of changes below is said of copies too.
//
// Pure; for one thread, the dispatcher's.
class DeliveryWindow {
 public:
  // Longer than any pause: another record that is refused is tried again meanwhile.
  static constexpr absl::Duration kLoneRefusal = absl::Minutes(2);
  static constexpr int kLoneRefusals = 5;

  explicit DeliveryWindow(WindowLimits limits) : limits_(limits) {}

  DeliveryWindow(const DeliveryWindow&) = delete;
  DeliveryWindow& operator=(const DeliveryWindow&) = delete;

  // Takes the next change of its key.
  void Add(Event event);

  // A request to send.
  using RequestId = std::uint64_t;
  struct Record {
    std::string_view key;
    std::string_view data;
    const Event* event = nullptr;
  };
  struct Request {
    RequestId id = 0;
    std::vector<Record> records;  // valid until Finish(id)
    std::int64_t bytes = 0;
  };
  // The next request, in flight from now on, of about `most` bytes; nothing if there is none to
  // send at `now`. After requests that failed as a whole, a single small one is in flight at a time
  // until one succeeds.
  std::optional<Request> Next(absl::Time now,
                              std::int64_t most = std::numeric_limits<std::int64_t>::max());

  // What a finished request brought.
  struct Refused {
    Event event;
    std::string error;
  };
  struct Settled {
    std::vector<Event> delivered;
    std::vector<Refused> refused;
  };
  Settled Finish(RequestId id, const SendResult& result, absl::Time now, Random& random);

  // A change whose records are to be stored; if they are already (`stored_until` is set), only a
  // new URL is wanted.
  using UploadId = std::uint64_t;
  struct Upload {
    UploadId id = 0;
    const Event* event = nullptr;  // valid until FinishUpload(id)
  };
  // The next upload, under way from now on; nothing if there is none to do at `now`.
  std::optional<Upload> NextUpload(absl::Time now);

  // What an upload brought.
  struct UploadResult {
    Fault fault = Fault::kNone;  // kRefused: this change can't be stored, ever
    std::string error;
    // Without a fault: what is sent instead, and until when it is good.
    std::string data;
    absl::Time good_until = absl::InfiniteFuture();
  };
  // The change, if it was refused.
  std::optional<Refused> FinishUpload(UploadId id, UploadResult result, absl::Time now,
                                      Random& random);
  // The change of an upload under way; null if it is not waited for any more.
  const Event* Uploading(UploadId id) const;
  // As NextDue(), for NextUpload().
  absl::Time NextUploadDue() const { return uploads_.NextDue(); }

  // Drops all changes above some position, none of which was ever sent or handed out for an upload:
  // they can be read again from the log.
  struct Shed {
    Position through = kMaxPosition;  // that position; if there is nothing to drop: as it is here
    std::int64_t changes = 0;
    std::int64_t bytes = 0;  // of memory
    absl::Time oldest_commit = absl::InfiniteFuture();
  };
  Shed ShedUnsent();

  // The largest record that the destination takes.
  std::int64_t record_bytes() const { return record_bytes_; }
  void set_record_bytes(std::int64_t bytes) { record_bytes_ = bytes; }

  // When Next() may have something, if nothing happens before; InfiniteFuture for never.
  absl::Time NextDue() const;

  // Changes taken and not yet settled.
  std::int64_t waiting() const { return waiting_; }
  // Those that are copies.
  std::int64_t copies() const { return copies_; }
  std::int64_t memory_bytes() const { return memory_bytes_; }
  std::size_t requests_in_flight() const { return in_flight_.size(); }
  // Whether more changes would have to wait, of whatever key: requests fail as a whole, or as many
  // are in flight as may be.
  bool IsBlocked() const { return failures_ > 0 || Full(); }
  // When the oldest of them was committed, copies aside; InfiniteFuture if there is none.
  absl::Time OldestCommit() const;
  // The last error; empty once something was delivered, or uploaded if it was an upload's.
  const std::string& last_error() const {
    return last_error_.empty() ? last_upload_error_ : last_error_;
  }

 private:
  // The line of one key. Empty lines are removed.
  struct Line {
    std::list<Event> events;         // the first is in flight, if any is
    int changes = 0;                 // those that are no copies
    std::uint64_t copies_place = 0;  // in ready_copies_; 0: not there
    int failures = 0;                // of the first, in a row
    // Of the first, once it stood in a request that was refused: `accepted_` at that time.
    std::optional<std::uint64_t> refused_after;
  };
  using Lines = std::vector<Line*>;

  struct InFlight {
    Lines lines;
    bool suspect = false;  // a part of a refused request
    bool copies = false;   // of lines that had no change when it was made
  };

  // Whether the change must be stored, or its URL made anew, before it can be sent.
  bool NeedsUpload(const Event& event, absl::Time now) const;
  // To the end of the queue for requests, or for uploads.
  void Enqueue(Line& line);
  // When its turn to be sent has come: to the uploads, if the limit was lowered or the URL has
  // become old meanwhile.
  bool Divert(Line& line, absl::Time now);
  void WakeDue(absl::Time now);
  // To the end of the queue of those that can be sent.
  void MakeReady(Line& line);
  // The same for a line that had copies alone when it was made ready, and has a change now.
  void Promote(Line& line);
  bool CopiesMayGo() const;
  // Whether no other request may be in flight.
  bool Full() const;
  // How much a request may have, of `most` bytes.
  struct Bounds {
    std::size_t records = 0;
    std::int64_t bytes = 0;
  };
  Bounds BoundsOf(std::int64_t most) const;
  Lines Gather(absl::Time now, const Bounds& bounds);
  Lines GatherCopies(absl::Time now, const Bounds& bounds);
  void NoteSent(const Event& event) { highest_sent_ = std::max(highest_sent_, event.position); }
  Event PopFront(Line& line);
  void Forget(Line& line, const Event& event);
  // After its first change left: the line of `key` goes to the end of the queue, or away.
  void Advance(Line& line, const std::string& key);

  // delivery_window_outcomes.cc
  void FinishRecord(Line& line, const RecordResult& result, absl::Time now, Random& random,
                    Settled& settled);
  void FailRequest(InFlight request, const SendResult& result, absl::Time now, Random& random,
                   Settled& settled);
  void Split(const Lines& lines);
  void RefuseAlone(Line& line, const std::string& error, absl::Time now, Random& random,
                   Settled& settled);
  // Its first change is refused for good.
  void Refuse(Line& line, const std::string& error, Settled& settled);
  void PauseCopies(const InFlight& request, const SendResult& result, absl::Time now,
                   Random& random);
  void Delay(Line& line, Fault fault, absl::Time now, Random& random);

  const WindowLimits limits_;
  std::int64_t record_bytes_ = limits_.record_bytes;
  absl::node_hash_map<std::string, Line> lines_;
  std::deque<Line*> ready_;                             // with some change
  absl::btree_map<std::uint64_t, Line*> ready_copies_;  // with copies alone, in turn
  std::uint64_t last_place_ = 0;
  std::multimap<absl::Time, Line*> delayed_;
  std::deque<Lines> suspects_;  // parts of refused requests, each to be sent by itself
  // What alone was refused, and nothing else refused or failed since then; null: there is none.
  const Line* lone_ = nullptr;
  absl::Time lone_since_;
  int lone_refusals_ = 0;
  std::unordered_map<RequestId, InFlight> in_flight_;
  RequestId last_id_ = 0;
  UploadQueue<Line> uploads_{limits_.uploads_in_flight};

  absl::Time paused_until_ = absl::InfinitePast();
  absl::Time copies_paused_until_ = absl::InfinitePast();
  int copy_throttles_ = 0;         // in a row
  std::size_t copy_requests_ = 0;  // in flight
  Position highest_sent_ = 0;      // or handed out for an upload
  int failures_ = 0;               // rounds of requests that failed as a whole, in a row
  std::uint64_t accepted_ = 0;     // requests of which at least one record arrived
  std::string last_error_;
  std::string last_upload_error_;
  std::int64_t waiting_ = 0;
  std::int64_t copies_ = 0;
  std::int64_t memory_bytes_ = 0;
  absl::btree_map<absl::Time, std::int64_t> commit_times_;  // of changes: how many, by time
};

}  // namespace tidemark::publisher
