#include <utility>

#include "services/publisher/engine/dispatcher.h"

// Copies of datasets on their way through the dispatcher, and what becomes of all that it takes.
namespace tidemark::publisher {

void Dispatcher::DeliverCopies(DestinationId destination,
                               std::shared_ptr<const CopyGuards::Read> read,
                               std::vector<Event> copies) {
  if (copies.empty()) return;
  std::int64_t bytes = 0;
  for (const Event& copy : copies) bytes += copy.memory_bytes();
  queued_bytes_ += bytes;
  Post(Copies{destination, std::move(read), std::move(copies)});
}

void Dispatcher::Execute(Copies copies) {
  Outlet* const outlet = Find(copies.destination);
  std::vector<CopyOutcome> outcomes;
  std::int64_t bytes = 0;
  for (Event& copy : copies.events) {
    if (outlet != nullptr && !copies.read->IsStale(copy)) {
      outlet->window.Add(std::move(copy));
      continue;
    }
    bytes += copy.memory_bytes();
    outcomes.push_back(
        {.destination = copies.destination,
         .ticket = copy.copy,
         .kind = outlet == nullptr ? CopyOutcome::Kind::kGivenUp : CopyOutcome::Kind::kStale});
  }
  ReleaseBytes(bytes);
  parts_.copies.Tell(std::move(outcomes));
  if (outlet != nullptr) MakeRunnable(*outlet);
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

}  // namespace tidemark::publisher
