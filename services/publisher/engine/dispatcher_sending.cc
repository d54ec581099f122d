#include <algorithm>
#include <memory>
#include <utility>

#include "services/publisher/engine/dispatcher.h"

// What goes out next, and when.
namespace tidemark::publisher {
namespace {

// A destination may have about so much in flight, however much others have.
constexpr std::int64_t kLeastAllowance = 128 * kKiB;

}  // namespace

void Dispatcher::Pump() {
  if (stopping_) return;
  const bool held_before = std::exchange(lease_held_, parts_.lease.Held());
  if (!held_before || !lease_held_) {
    // That nothing may be sent says nothing about the streams.
    for (auto& [id, outlet] : outlets_) outlet->load->Progressed(parts_.boottime.Now());
    PublishSoon();
    const std::lock_guard lock(report_mutex_);
    report_.waiting_since = absl::InfiniteFuture();
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

absl::Time Dispatcher::NextUploadDue(const Outlet& outlet) const {
  const bool waits = outlet.looking && outlet.limit_until == absl::InfinitePast();
  return waits ? absl::InfiniteFuture() : uploader_.NextDue(outlet);
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

absl::Time Dispatcher::NextDue(const Outlet& outlet) const {
  if (Rests(outlet)) return absl::InfiniteFuture();
  const absl::Time due =
      starved_.contains(outlet.config.id) ? absl::InfiniteFuture() : outlet.window.NextDue();
  return std::min(due, NextUploadDue(outlet));
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

}  // namespace tidemark::publisher
