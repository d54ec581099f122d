#include "services/publisher/engine/copier.h"

#include <algorithm>
#include <utility>

#include "common/base/units.h"

namespace tidemark::publisher {
namespace {

// Copies in line for a destination, above which no more are read: what a page brings comes on top.
constexpr std::int64_t kCopies = 2'000;
constexpr std::int64_t kBytes = 4 * kMiB;
// Datasets read by name at a time.
constexpr std::size_t kNames = 100;
constexpr absl::Duration kRetry = absl::Milliseconds(500);

}  // namespace

void Copier::Send(const DestinationConfig& destination, DatasetName dataset, Done done) {
  inbox_->Post([this, id = destination.id, pool_id = destination.pool_id,
                dataset = std::move(dataset), done = std::move(done)]() mutable {
    const std::uint64_t ticket = ++last_ticket_;
    Destination& known = destinations_[id];
    known.pool_id = std::move(pool_id);
    known.to_read.push_back(ticket);
    pending_[ticket] = {.destination = id,
                        .dataset = std::move(dataset),
                        .send_deletion = true,
                        .done = std::move(done)};
  });
}

void Copier::SendRead(const DestinationConfig& destination,
                      std::shared_ptr<const CopyGuards::Read> read, std::vector<Event> copies,
                      std::vector<Done> dones) {
  destinations_[destination.id].pool_id = destination.pool_id;
  for (std::size_t i = 0; i < copies.size(); ++i) {
    const std::uint64_t ticket = ++last_ticket_;
    Pending& pending = pending_[ticket];
    pending = {.destination = destination.id,
               .dataset = {copies[i].key, copies[i].change.dataset_name},
               .done = std::move(dones[i])};
    Enter(ticket, pending, copies[i]);
  }
  parts_.dispatcher.DeliverCopies(destination.id, std::move(read), std::move(copies));
}

bool Copier::IsFull(DestinationId destination) const {
  const auto it = destinations_.find(destination);
  return it != destinations_.end() && (it->second.copies >= kCopies || it->second.bytes >= kBytes);
}

void Copier::Enter(std::uint64_t ticket, Pending& pending, Event& copy) {
  copy.copy = ticket;
  pending.bytes = copy.memory_bytes();
  Destination& destination = destinations_[pending.destination];
  ++destination.copies;
  destination.bytes += pending.bytes;
}

void Copier::LeaveLine(Pending& pending) {
  if (pending.bytes == 0) return;
  Destination& destination = destinations_[pending.destination];
  --destination.copies;
  destination.bytes -= std::exchange(pending.bytes, 0);
}

void Copier::Handle(const std::vector<CopyOutcome>& outcomes) {
  for (const CopyOutcome& outcome : outcomes) {
    if (outcome.kind == CopyOutcome::Kind::kClosed) {
      GiveUpAll(outcome.destination);
      continue;
    }
    const auto it = pending_.find(outcome.ticket);
    if (it == pending_.end()) continue;
    LeaveLine(it->second);
    switch (outcome.kind) {
      case CopyOutcome::Kind::kDelivered:
        Finish(outcome.ticket, {End::Kind::kDelivered, outcome.bytes, ""});
        break;
      case CopyOutcome::Kind::kRefused:
        Finish(outcome.ticket, {End::Kind::kRefused, 0, outcome.error});
        break;
      case CopyOutcome::Kind::kStale:
        parts_.metrics.StaleCopy();
        destinations_[outcome.destination].to_read.push_back(outcome.ticket);
        break;
      default:
        Finish(outcome.ticket, {End::Kind::kGivenUp, 0, ""});
    }
  }
}

void Copier::Finish(std::uint64_t ticket, const End& end) {
  const auto it = pending_.find(ticket);
  if (it == pending_.end()) return;
  LeaveLine(it->second);
  const Done done = std::move(it->second.done);
  pending_.erase(it);
  done(end);
}

void Copier::GiveUpAll(DestinationId id) {
  Tickets tickets;
  for (const auto& [ticket, pending] : pending_) {
    if (pending.destination == id) tickets.push_back(ticket);
  }
  for (const std::uint64_t ticket : tickets) Finish(ticket, {End::Kind::kGivenUp, 0, ""});
  destinations_.erase(id);
}

void Copier::Tick() {
  for (auto& [id, destination] : destinations_) {
    if (destination.to_read.empty() || destination.reading || IsFull(id) ||
        parts_.boottime.Now() < destination.retry_at) {
      continue;
    }
    ReadSome(id, destination);
  }
}

void Copier::ReadSome(DestinationId id, Destination& destination) {
  Tickets tickets;
  std::vector<DatasetName> names;
  while (!destination.to_read.empty() && tickets.size() < kNames) {
    const std::uint64_t ticket = destination.to_read.front();
    destination.to_read.pop_front();
    const auto it = pending_.find(ticket);
    if (it == pending_.end()) continue;
    tickets.push_back(ticket);
    names.push_back(it->second.dataset);
  }
  if (tickets.empty()) return;
  destination.reading = true;
  auto read = parts_.guards.Begin(id);
  parts_.snapshots.Get(
      destination.pool_id, names,
      [this, inbox = inbox_, id, tickets = std::move(tickets),
       read = std::move(read)](absl::StatusOr<Snapshots::Found> found) mutable {
        // Run by the copier's thread alone, or not at all once it has ended.
        inbox->Post([this, id, tickets = std::move(tickets), read = std::move(read),
                     found = std::make_shared<absl::StatusOr<Snapshots::Found>>(std::move(
                         found))]() mutable { Found(id, tickets, std::move(read), *found); });
      });
}

void Copier::Found(DestinationId id, const Tickets& tickets,
                   std::shared_ptr<const CopyGuards::Read> read,
                   const absl::StatusOr<Snapshots::Found>& found) {
  Destination& destination = destinations_[id];
  destination.reading = false;
  const std::size_t examined = found.ok() ? found->examined : 0;
  if (!found.ok()) {
    destination.retry_at = parts_.boottime.Now() + kRetry;
    if (const auto held_back = failures_.Admit(parts_.boottime.Now())) {
      obs::Log(obs::Level::kWarning, "datasets to be copied could not be read",
               {{"error", std::string(found.status().message())}, {"held_back", *held_back}});
    }
  }
  std::map<DatasetName, const Event*> events;
  if (found.ok()) {
    for (const Event& event : found->events) {
      events[{event.key, event.change.dataset_name}] = &event;
    }
  }
  std::vector<Event> copies;
  Tickets gone;
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    const auto it = pending_.find(tickets[i]);
    if (it == pending_.end()) continue;
    if (i >= examined) {
      destination.to_read.push_back(tickets[i]);
      continue;
    }
    const auto event = events.find(it->second.dataset);
    const bool send = event != events.end() && (event->second->change.kind != ChangeKind::kDelete ||
                                                it->second.send_deletion);
    if (!send) {
      gone.push_back(tickets[i]);
      continue;
    }
    copies.push_back(*event->second);
    Enter(tickets[i], it->second, copies.back());
  }
  parts_.dispatcher.DeliverCopies(id, std::move(read), std::move(copies));
  for (const std::uint64_t ticket : gone) Finish(ticket, {End::Kind::kGone, 0, ""});
}

}  // namespace tidemark::publisher
