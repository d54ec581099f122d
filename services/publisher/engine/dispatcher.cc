#include "services/publisher/engine/dispatcher.h"

#include <algorithm>
#include <utility>

#include "common/obs/log.h"

// The thread, and what it is told to do.
namespace tidemark::publisher {
namespace {

constexpr absl::Duration kPublishInterval = absl::Milliseconds(100);

}  // namespace

Dispatcher::Dispatcher(const Options& options, const Parts& parts)
    : options_(options),
      parts_(parts),
      uploader_(parts.records, options.upload_bytes,
                [inbox = inbox_](Uploader::Answer answer) {
                  {
                    const std::lock_guard lock(inbox->mutex);
                    inbox->uploads.push_back(std::move(answer));
                  }
                  inbox->changed.notify_one();
                }),
      thread_([this] { Loop(); }) {}

Dispatcher::~Dispatcher() { Stop(absl::ZeroDuration()); }

void Dispatcher::Add(const DestinationConfig& destination, std::shared_ptr<OutletLoad> load) {
  Post(Opening{destination, std::move(load)});
}

void Dispatcher::Reconfigure(const DestinationConfig& destination) { Post(destination); }

void Dispatcher::Remove(DestinationId destination) { Post(Closing{destination}); }

void Dispatcher::Deliver(std::vector<Routed> changes) {
  if (changes.empty()) return;
  std::int64_t bytes = 0;
  for (const Routed& change : changes) bytes += change.event.memory_bytes();
  queued_bytes_ += bytes;
  Post(std::move(changes));
}

void Dispatcher::DeliverCopies(DestinationId destination,
                               std::shared_ptr<const CopyGuards::Read> read,
                               std::vector<Event> copies) {
  if (copies.empty()) return;
  std::int64_t bytes = 0;
  for (const Event& copy : copies) bytes += copy.memory_bytes();
  queued_bytes_ += bytes;
  Post(Copies{destination, std::move(read), std::move(copies)});
}

void Dispatcher::Post(Command command) {
  {
    const std::lock_guard lock(inbox_->mutex);
    inbox_->commands.push_back(std::move(command));
  }
  inbox_->changed.notify_one();
}

bool Dispatcher::WaitForRoom(std::int64_t below, absl::Duration patience) {
  room_below_ = std::min(below, options_.queue_bytes);
  {
    std::unique_lock lock(room_mutex_);
    room_.wait_for(lock, absl::ToChronoMicroseconds(patience),
                   [this] { return queued_bytes_ < room_below_; });
  }
  return queued_bytes_ < options_.queue_bytes;
}

Dispatcher::Report Dispatcher::report() const {
  const std::lock_guard lock(report_mutex_);
  Report report = report_;
  for (auto& [id, stats] : report.destinations) {
    const OutletLoad::Backlog backlog = loads_.at(id)->backlog();
    stats.split_off = backlog.split_off;
    stats.waiting += backlog.changes;
    stats.oldest_commit = std::min(stats.oldest_commit, backlog.oldest_commit);
  }
  return report;
}

void Dispatcher::Stop(absl::Duration grace) {
  {
    const std::lock_guard lock(inbox_->mutex);
    if (!inbox_->stopping) {
      inbox_->stopping = true;
      inbox_->stop_by = parts_.boottime.Now() + grace;
    }
  }
  inbox_->changed.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Dispatcher::Loop() {
  std::vector<Command> commands;
  std::vector<Answer> answers;
  std::vector<Sight> sights;
  while (Await(commands, answers, sights)) {
    for (Answer& answer : answers) Finish(std::move(answer));
    for (Uploader::Answer& answer : std::exchange(uploads_, {})) FinishUpload(std::move(answer));
    for (const Sight& sight : sights) Heed(sight);
    for (Command& command : commands) {
      std::visit([this](auto& what) { Execute(std::move(what)); }, command);
    }
    commands.clear();
    answers.clear();
    sights.clear();
    WakeDue();
    Pump();
    Publish();
  }
}

bool Dispatcher::Await(std::vector<Command>& commands, std::vector<Answer>& answers,
                       std::vector<Sight>& sights) {
  std::unique_lock lock(inbox_->mutex);
  while (inbox_->empty()) {
    const absl::Time now = parts_.boottime.Now();
    absl::Time until = NextDue();
    if (inbox_->stopping) {
      if (requests_in_flight_ == 0 || now >= inbox_->stop_by) return false;
      until = inbox_->stop_by;
    }
    if (until <= now) break;
    if (until == absl::InfiniteFuture()) {
      inbox_->changed.wait(lock);
    } else {
      inbox_->changed.wait_for(lock, absl::ToChronoMicroseconds(until - now));
    }
  }
  stopping_ = inbox_->stopping;
  commands.swap(inbox_->commands);
  answers.swap(inbox_->answers);
  sights.swap(inbox_->sights);
  uploads_.swap(inbox_->uploads);
  return true;
}

absl::Time Dispatcher::NextDue() const {
  absl::Time due = timers_.empty() ? absl::InfiniteFuture() : timers_.begin()->first;
  if (!runnable_.empty() && !lease_held_) {
    due = std::min(due, parts_.boottime.Now() + LeaseGuard::kAskAgain);
  }
  return std::min(due, publish_at_);
}

Outlet* Dispatcher::Find(DestinationId destination) {
  const auto it = outlets_.find(destination);
  return it == outlets_.end() ? nullptr : it->second.get();
}

Outlet* Dispatcher::Find(const OutletId& id) {
  Outlet* const outlet = Find(id.destination);
  return outlet != nullptr && outlet->opening == id.opening ? outlet : nullptr;
}

void Dispatcher::Execute(Opening opening) {
  const DestinationId id = opening.config.id;
  std::unique_ptr<Outlet>& outlet = outlets_[id];
  if (outlet != nullptr) return;
  {
    const std::lock_guard lock(report_mutex_);
    loads_[id] = opening.load;
  }
  outlet = std::make_unique<Outlet>(++openings_, std::move(opening.config), std::move(opening.load),
                                    options_.window);
  MakeRunnable(*outlet);  // publishes its stats
}

void Dispatcher::Execute(DestinationConfig destination) {
  Outlet* const outlet = Find(destination.id);
  if (outlet == nullptr) return;
  outlet->config = std::move(destination);
  MakeRunnable(*outlet);
}

void Dispatcher::Execute(Closing closing) {
  const auto it = outlets_.find(closing.id);
  if (it == outlets_.end()) return;
  Outlet& outlet = *it->second;
  const std::int64_t waiting = outlet.window.waiting() - outlet.window.copies();
  parts_.copies.Tell({{.destination = closing.id, .kind = CopyOutcome::Kind::kClosed}});
  if (waiting > 0) {
    parts_.metrics.Abandoned(waiting);
    obs::Log(obs::Level::kWarning, "changes are given up: their stream was turned off or replaced",
             {{"pool_id", outlet.config.pool_id},
              {"stream", outlet.config.stream_name},
              {"changes", waiting}});
  }
  // Until their answers are in, the pool's next stream waits: it may be the same one.
  if (const std::size_t requests = outlet.window.requests_in_flight(); requests > 0) {
    closing_[closing.id.pool_number] += static_cast<int>(requests);
  }
  changes_ -= waiting;
  ReleaseBytes(outlet.window.memory_bytes());
  timers_.erase({outlet.due, closing.id});
  std::erase(runnable_, &outlet);
  parts_.sender.Forget(outlet.config);
  outlets_.erase(it);
  PublishSoon();
  const std::lock_guard lock(report_mutex_);
  report_.destinations.erase(closing.id);
  loads_.erase(closing.id);
}

void Dispatcher::Execute(Splitting splitting) {
  Outlet* const outlet = Find(splitting.id);
  if (outlet == nullptr) return;
  const DeliveryWindow::Shed shed = outlet->window.ShedUnsent();
  outlet->takes_through = shed.through;
  changes_ -= shed.changes;
  Release(*outlet, shed.changes, shed.bytes);
  outlet->load->SetShed(shed);
  MakeRunnable(*outlet);
}

void Dispatcher::Execute(Reopening reopening) {
  if (Outlet* const outlet = Find(reopening.id)) outlet->takes_through = kMaxPosition;
}

void Dispatcher::Execute(std::vector<Routed> changes) {
  Outlet* outlet = nullptr;
  for (Routed& change : changes) {
    if (outlet == nullptr || outlet->config.id != change.destination) {
      outlet = Find(change.destination);
    }
    if (outlet == nullptr) {
      ReleaseBytes(change.event.memory_bytes());
    } else {
      Take(*outlet, std::move(change.event));
    }
  }
}

void Dispatcher::Take(Outlet& outlet, Event event) {
  if (event.position > outlet.takes_through) {
    Release(outlet, 1, event.memory_bytes());
    return;
  }
  ++changes_;
  parts_.guards.Note(outlet.config.id, event);
  outlet.window.Add(std::move(event));
  MakeRunnable(outlet);
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

void Dispatcher::Release(Outlet& outlet, std::int64_t changes, std::int64_t bytes) {
  outlet.load->Leave(changes, bytes);
  ReleaseBytes(bytes);
}

void Dispatcher::ReleaseBytes(std::int64_t bytes) {
  if (bytes == 0) return;
  const std::int64_t before = queued_bytes_.fetch_sub(bytes);
  const std::int64_t below = room_below_;
  if (before >= below && before - bytes < below) {
    const std::lock_guard lock(room_mutex_);
    room_.notify_all();
  }
}

void Dispatcher::PublishSoon() {
  publish_at_ = std::min(publish_at_, parts_.boottime.Now() + kPublishInterval);
}

void Dispatcher::Publish() {
  const absl::Time now = parts_.boottime.Now();
  if (now < publish_at_) return;
  publish_at_ = absl::InfiniteFuture();
  parts_.metrics.Queued(queued_bytes_, changes_, requests_in_flight_);
  bool waits = false;
  const std::lock_guard lock(report_mutex_);
  for (auto& [id, outlet] : outlets_) {
    if (std::exchange(outlet->touched, false)) report_.destinations[id] = outlet->Stats();
    waits = waits || (outlet->window.waiting() > 0 && !outlet->config.paused);
  }
  report_.last_delivery = last_delivery_;
  report_.waiting_since = waits ? std::min(report_.waiting_since, now) : absl::InfiniteFuture();
}

}  // namespace tidemark::publisher
