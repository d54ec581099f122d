#include <utility>

#include "absl/strings/str_cat.h"
#include "services/publisher/engine/dispatcher.h"
#include "services/publisher/engine/off_reasons.h"

// What became of all that went out.
namespace tidemark::publisher {
namespace {

// How long a stream's own record limit is taken for granted, and how long the lack of an answer.
constexpr absl::Duration kLimitInterval = absl::Minutes(5);
constexpr absl::Duration kLimitRetry = absl::Seconds(30);

}  // namespace

void Dispatcher::Finish(Answer answer) {
  bytes_in_flight_ -= answer.bytes;
  --requests_in_flight_;
  for (const DestinationId id : std::exchange(starved_, {})) {
    if (Outlet* const starved = Find(id)) MakeRunnable(*starved);
  }
  Outlet* const found = Find(answer.outlet);
  if (found == nullptr) return FinishClosed(answer.outlet.destination);
  Outlet& outlet = *found;
  outlet.bytes_in_flight -= answer.bytes;
  CountFailures(outlet, answer);
  DeliveryWindow::Settled settled =
      outlet.window.Finish(answer.request, answer.result, parts_.boottime.Now(), parts_.random);
  NoteDelivered(outlet, answer, settled.delivered);
  for (const DeliveryWindow::Refused& refused : settled.refused) {
    GiveUp(outlet, refused.event,
           absl::StrCat("the stream refused the record for good: ", refused.error,
                        "; the dataset's next change is not affected"));
  }
  if (answer.result.fault == Fault::kStreamMissing) {
    outlet.doubted = true;
    Look(outlet);
  }
  if (answer.result.fault == Fault::kRoleRefused) {
    TurnOff(answer.sent_with, RoleRefusedReason(answer.sent_with));
  }
  MakeRunnable(outlet);
}

void Dispatcher::CountFailures(Outlet& outlet, const Answer& answer) {
  parts_.metrics.Failed(answer.result.fault, answer.records);
  for (const RecordResult& record : answer.result.records) parts_.metrics.Failed(record.fault, 1);
  LogFailure(outlet, answer.result, answer.traceparent, parts_.boottime.Now());
}

void Dispatcher::NoteDelivered(Outlet& outlet, const Answer& answer,
                               const std::vector<Event>& delivered) {
  if (delivered.empty()) return;
  const absl::Time now = parts_.wall.Now();
  std::vector<CursorTracker::Place> places;
  std::vector<CopyOutcome> copies;
  places.reserve(delivered.size());
  std::int64_t bytes = 0;
  std::int64_t copy_bytes = 0;
  for (const Event& event : delivered) {
    if (event.is_copy()) {
      copy_bytes += event.memory_bytes();
      copies.push_back({.destination = answer.outlet.destination,
                        .ticket = event.copy,
                        .kind = CopyOutcome::Kind::kDelivered,
                        .bytes = event.record_bytes()});
      continue;
    }
    bytes += event.memory_bytes();
    places.push_back({event.position, event.log_shard});
    parts_.metrics.Delivered(event, answer.sent, now);
  }
  const auto changes = static_cast<std::int64_t>(places.size());
  parts_.tracker.Settle(answer.outlet.destination, places);
  outlet.delivered += changes;
  last_delivery_ = parts_.boottime.Now();
  outlet.load->Progressed(last_delivery_);
  if (changes > 0) last_change_ = absl::ToUnixNanos(last_delivery_);
  changes_ -= changes;
  Release(outlet, changes, bytes);
  ReleaseBytes(copy_bytes);
  parts_.copies.Tell(std::move(copies));
}

void Dispatcher::GiveUp(Outlet& outlet, const Event& event, std::string reason) {
  if (event.is_copy()) {
    ReleaseBytes(event.memory_bytes());
    parts_.copies.Tell({{.destination = outlet.config.id,
                         .ticket = event.copy,
                         .kind = CopyOutcome::Kind::kRefused,
                         .error = std::move(reason)}});
    return;
  }
  --changes_;
  outlet.load->Progressed(parts_.boottime.Now());
  Release(outlet, 1, event.memory_bytes());
  parts_.metrics.Parked();
  parts_.losses.Park(outlet.config.id, ParkedFrom(outlet.config, event, std::move(reason)));
}

void Dispatcher::FinishClosed(DestinationId destination) {
  const auto closing = closing_.find(destination.pool_number);
  if (closing == closing_.end() || --closing->second > 0) return;
  closing_.erase(closing);
  for (auto& [id, outlet] : outlets_) {
    if (id.pool_number == destination.pool_number) MakeRunnable(*outlet);
  }
}

void Dispatcher::FinishUpload(Uploader::Answer answer) {
  Outlet* const outlet = Find(answer.outlet);
  const std::int64_t before = outlet == nullptr ? 0 : outlet->window.memory_bytes();
  const Event* const uploading =
      outlet == nullptr ? nullptr : outlet->window.Uploading(answer.upload);
  const bool copy = uploading != nullptr && uploading->is_copy();
  const auto refused =
      uploader_.Finish(outlet, std::move(answer), parts_.boottime.Now(), parts_.random);
  if (refused) {
    GiveUp(*outlet, refused->event, refused->error);
  } else if (outlet != nullptr) {
    const std::int64_t freed = before - outlet->window.memory_bytes();
    copy ? ReleaseBytes(freed) : Release(*outlet, 0, freed);
  }
  // Those that wait for room first: this one has just had its turn.
  for (const DestinationId id : uploader_.TakeWaiting()) {
    if (Outlet* const waiting = Find(id)) MakeRunnable(*waiting);
  }
  if (outlet != nullptr) MakeRunnable(*outlet);
}

void Dispatcher::Heed(const Sight& sight) {
  Outlet* const found = Find(sight.outlet);
  if (found == nullptr) return;
  Outlet& outlet = *found;
  outlet.looking = false;
  const bool doubted = std::exchange(outlet.doubted, false);
  MakeRunnable(outlet);
  const bool known = sight.sight.state == StreamState::kReady;
  outlet.limit_until = parts_.boottime.Now() + (known ? kLimitInterval : kLimitRetry);
  if (sight.sight.record_bytes) outlet.window.set_record_bytes(*sight.sight.record_bytes);
  if (sight.sight.state != StreamState::kMissing || !doubted) return;
  TurnOff(sight.looked_with, StreamMissingReason(sight.looked_with));
}

void Dispatcher::TurnOff(const DestinationConfig& settings, const std::string& reason) {
  // One that was fenced off may know old settings.
  if (parts_.lease.Held()) parts_.neighbours.TurnOff(settings, reason);
}

}  // namespace tidemark::publisher
