#include "services/publisher/engine/dispatcher.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/obs/log.h"
#include "services/publisher/engine/off_reasons.h"

namespace tidemark::publisher {
namespace {

constexpr absl::Duration kPublishInterval = absl::Milliseconds(100);
// While the lease does not hold, it is asked again after this time.
constexpr absl::Duration kLeaseInterval = absl::Milliseconds(20);
// How long a stream's own record limit is taken for granted, and how long the lack of an answer.
constexpr absl::Duration kLimitInterval = absl::Minutes(5);
constexpr absl::Duration kLimitRetry = absl::Seconds(30);
// A destination may have about so much in flight, however much others have.
constexpr std::int64_t kLeastAllowance = 128 * kKiB;

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

void Dispatcher::Post(Command command) {
  {
    const std::lock_guard lock(inbox_->mutex);
    inbox_->commands.push_back(std::move(command));
  }
  inbox_->changed.notify_one();
}

bool Dispatcher::WaitForRoom(absl::Duration patience) {
  const auto has_room = [this] { return queued_bytes_ < options_.queue_bytes; };
  if (has_room()) return true;
  std::unique_lock lock(room_mutex_);
  return room_.wait_for(lock, absl::ToChronoMicroseconds(patience), has_room);
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
  if (!runnable_.empty() && !lease_held_)
    due = std::min(due, parts_.boottime.Now() + kLeaseInterval);
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
  const auto shed = outlet->window.ShedUnsent();
  outlet->shedding = true;
  outlet->shed_through = shed ? shed->through : std::numeric_limits<Position>::max();
  if (shed) {
    changes_ -= shed->changes;
    Release(*outlet, shed->changes, shed->bytes);
  }
  outlet->load->SetShed({outlet->shed_through, shed ? shed->changes : 0,
                         shed ? shed->oldest_commit : absl::InfiniteFuture()});
  MakeRunnable(*outlet);
}

void Dispatcher::Execute(Reopening reopening) {
  if (Outlet* const outlet = Find(reopening.id)) outlet->shedding = false;
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
  if (outlet.shedding && event.position > outlet.shed_through) {
    Release(outlet, 1, event.memory_bytes());
    return;
  }
  ++changes_;
  parts_.guards.Note(outlet.config.id, event);
  outlet.window.Add(std::move(event));
  MakeRunnable(outlet);
}

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

void Dispatcher::WakeDue() {
  const absl::Time now = parts_.boottime.Now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    Outlet& outlet = *outlets_.at(timers_.begin()->second);
    timers_.erase(timers_.begin());
    outlet.due = absl::InfiniteFuture();
    MakeRunnable(outlet);
  }
}

void Dispatcher::MakeRunnable(Outlet& outlet) {
  if (!std::exchange(outlet.touched, true)) PublishSoon();
  if (outlet.runnable) return;
  outlet.runnable = true;
  runnable_.push_back(&outlet);
}

void Dispatcher::Pump() {
  if (stopping_) return;
  const bool held_before = std::exchange(lease_held_, parts_.lease.Held());
  if (!held_before || !lease_held_) {
    // That nothing may be sent says nothing about the streams.
    for (auto& [id, outlet] : outlets_) outlet->load->Progressed(parts_.boottime.Now());
  }
  for (std::size_t i = runnable_.size(); i > 0; --i) {
    Outlet& outlet = *runnable_.front();
    runnable_.pop_front();
    outlet.runnable = false;
    if (!PumpOne(outlet)) {
      outlet.runnable = true;
      runnable_.push_back(&outlet);  // the others first, next time
      return;
    }
    outlet.load->SetBlocked(outlet.window.IsBlocked(), parts_.boottime.Now());
    const absl::Time due = NextDue(outlet);
    if (due == outlet.due) continue;
    timers_.erase({outlet.due, outlet.config.id});
    outlet.due = due;
    if (due != absl::InfiniteFuture()) timers_.insert({due, outlet.config.id});
  }
}

absl::Time Dispatcher::NextDue(const Outlet& outlet) const {
  if (Rests(outlet)) return absl::InfiniteFuture();
  const absl::Time due =
      starved_.contains(outlet.config.id) ? absl::InfiniteFuture() : outlet.window.NextDue();
  return std::min(due, NextUploadDue(outlet));
}

absl::Time Dispatcher::NextUploadDue(const Outlet& outlet) const {
  const bool waits = outlet.looking && outlet.limit_until == absl::InfinitePast();
  return waits ? absl::InfiniteFuture() : uploader_.NextDue(outlet);
}

// What is too large by the configured limit may not be by the stream's own. Nothing waits for its
// answer but the first uploads.
void Dispatcher::PumpUploads(Outlet& outlet) {
  const absl::Time now = parts_.boottime.Now();
  if (NextUploadDue(outlet) > now || !parts_.lease.Held()) return;
  if (now >= outlet.limit_until) {
    Look(outlet);
    if (outlet.limit_until == absl::InfinitePast()) return;
  }
  uploader_.Pump(outlet, now);
}

bool Dispatcher::PumpOne(Outlet& outlet) {
  if (Rests(outlet)) return true;
  PumpUploads(outlet);
  while (outlet.window.waiting() > 0) {
    lease_held_ = parts_.lease.Held();
    if (!lease_held_) return false;
    const std::int64_t allowance = Allowance(outlet);
    if (allowance <= 0) {
      starved_.insert(outlet.config.id);
      return true;
    }
    auto request = outlet.window.Next(parts_.boottime.Now(), allowance);
    if (!request) return true;
    Send(outlet, *std::move(request));
  }
  return true;
}

std::int64_t Dispatcher::Allowance(const Outlet& outlet) const {
  const std::int64_t free = options_.bytes_in_flight - bytes_in_flight_;
  const std::int64_t least = outlet.window.requests_in_flight() == 0 ? kLeastAllowance : 0;
  return std::max(free - outlet.bytes_in_flight, least);
}

void Dispatcher::Send(Outlet& outlet, DeliveryWindow::Request request) {
  bytes_in_flight_ += request.bytes;
  outlet.bytes_in_flight += request.bytes;
  ++requests_in_flight_;
  parts_.metrics.Sent(request.records.size(), request.bytes);
  std::string_view traceparent;
  for (const auto& record : request.records) {
    if (traceparent = record.event->traceparent; !traceparent.empty()) break;
  }
  parts_.sender.Send(
      outlet.config, request.records, traceparent,
      [inbox = inbox_, answer = std::make_shared<Answer>(Answer{outlet.id(),
                                                                outlet.config,
                                                                request.id,
                                                                request.records.size(),
                                                                request.bytes,
                                                                parts_.wall.Now(),
                                                                std::string(traceparent),
                                                                {}})](SendResult result) {
        answer->result = std::move(result);
        {
          const std::lock_guard lock(inbox->mutex);
          inbox->answers.push_back(std::move(*answer));
        }
        inbox->changed.notify_one();
      });
}

void Dispatcher::Look(Outlet& outlet) {
  if (std::exchange(outlet.looking, true)) return;
  parts_.sender.Look(outlet.config, [inbox = inbox_, id = outlet.id(),
                                     settings = outlet.config](StreamSender::Sight sight) {
    {
      const std::lock_guard lock(inbox->mutex);
      inbox->sights.push_back({id, settings, sight});
    }
    inbox->changed.notify_one();
  });
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

void Dispatcher::Release(Outlet& outlet, std::int64_t changes, std::int64_t bytes) {
  outlet.load->Leave(changes, bytes);
  ReleaseBytes(bytes);
}

void Dispatcher::ReleaseBytes(std::int64_t bytes) {
  if (bytes == 0) return;
  const std::int64_t before = queued_bytes_.fetch_sub(bytes);
  if (before >= options_.queue_bytes && before - bytes < options_.queue_bytes) {
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
