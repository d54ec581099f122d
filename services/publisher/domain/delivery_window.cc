#include "services/publisher/domain/delivery_window.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"

// The lines of keys, and what may go next.
namespace tidemark::publisher {
namespace {

// A request that tries whether the destination works again.
constexpr std::size_t kProbeRecords = 16;
constexpr std::int64_t kProbeBytes = 64 * kKiB;

}  // namespace

void DeliveryWindow::Add(Event event) {
  ++waiting_;
  memory_bytes_ += event.memory_bytes();
  const bool copy = event.is_copy();
  if (copy) {
    ++copies_;
  } else {
    ++commit_times_[event.commit_time];
  }
  const auto [it, made] = lines_.try_emplace(event.key);
  Line& line = it->second;
  line.events.push_back(std::move(event));
  if (!copy) ++line.changes;
  if (made) {
    Enqueue(line);
  } else if (!copy) {
    Promote(line);
  }
}

void DeliveryWindow::MakeReady(Line& line) {
  if (line.changes > 0) {
    ready_.push_back(&line);
  } else {
    line.copies_place = ++last_place_;
    ready_copies_.emplace(line.copies_place, &line);
  }
}

void DeliveryWindow::Promote(Line& line) {
  if (line.copies_place == 0) return;
  ready_copies_.erase(std::exchange(line.copies_place, 0));
  ready_.push_back(&line);
}

bool DeliveryWindow::NeedsUpload(const Event& event, absl::Time now) const {
  return event.stored_until ? *event.stored_until <= now : event.record_bytes() > record_bytes_;
}

void DeliveryWindow::Enqueue(Line& line) {
  if (NeedsUpload(line.events.front(), absl::InfinitePast())) {
    uploads_.Push(&line);
  } else {
    MakeReady(line);
  }
}

bool DeliveryWindow::Full() const {
  return in_flight_.size() >= (failures_ > 0 ? 1 : limits_.requests_in_flight);
}

std::optional<DeliveryWindow::Request> DeliveryWindow::Next(absl::Time now, std::int64_t most) {
  if (now < paused_until_ || Full()) return std::nullopt;
  WakeDue(now);
  InFlight sent;
  if (!suspects_.empty()) {
    sent.lines = std::move(suspects_.front());
    suspects_.pop_front();
    std::erase_if(sent.lines, [&](Line* line) { return Divert(*line, now); });
    sent.suspect = !sent.lines.empty();
  }
  if (sent.lines.empty()) sent.lines = Gather(now, BoundsOf(most));
  if (sent.lines.empty() && CopiesMayGo() && now >= copies_paused_until_) {
    sent.copies = true;
    sent.lines = GatherCopies(now, BoundsOf(most));
  }
  if (sent.lines.empty()) return std::nullopt;
  copy_requests_ += sent.copies ? 1 : 0;

  Request request{.id = ++last_id_};
  request.records.reserve(sent.lines.size());
  for (const Line* line : sent.lines) {
    const Event& event = line->events.front();
    request.records.push_back({event.key, event.data, &event});
    request.bytes += event.record_bytes();
    NoteSent(event);
  }
  in_flight_.emplace(request.id, std::move(sent));
  return request;
}

bool DeliveryWindow::Divert(Line& line, absl::Time now) {
  if (!NeedsUpload(line.events.front(), now)) return false;
  uploads_.Push(&line);
  return true;
}

void DeliveryWindow::WakeDue(absl::Time now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    Line* line = delayed_.begin()->second;
    delayed_.erase(delayed_.begin());
    if (line->refused_after) {
      suspects_.push_back({line});
    } else {
      MakeReady(*line);
    }
  }
}

DeliveryWindow::Bounds DeliveryWindow::BoundsOf(std::int64_t most) const {
  Bounds bounds{limits_.records_per_request, std::min(most, limits_.bytes_per_request)};
  if (failures_ > 0) {
    bounds = {std::min(bounds.records, kProbeRecords), std::min(bounds.bytes, kProbeBytes)};
  }
  return bounds;
}

DeliveryWindow::Lines DeliveryWindow::Gather(absl::Time now, const Bounds& bounds) {
  Lines lines;
  std::int64_t bytes = 0;
  while (!ready_.empty() && lines.size() < bounds.records) {
    if (Divert(*ready_.front(), now)) {
      ready_.pop_front();
      continue;
    }
    const std::int64_t size = ready_.front()->events.front().record_bytes();
    if (!lines.empty() && bytes + size > bounds.bytes) break;
    bytes += size;
    lines.push_back(ready_.front());
    ready_.pop_front();
  }
  return lines;
}

bool DeliveryWindow::CopiesMayGo() const {
  return !ready_copies_.empty() &&
         copy_requests_ < std::max<std::size_t>(1, limits_.requests_in_flight - 1);
}

DeliveryWindow::Lines DeliveryWindow::GatherCopies(absl::Time now, const Bounds& bounds) {
  const std::int64_t most = std::min(bounds.bytes, limits_.copy_bytes_per_request);
  Lines lines;
  std::int64_t bytes = 0;
  while (!ready_copies_.empty() && lines.size() < bounds.records) {
    Line& line = *ready_copies_.begin()->second;
    const std::int64_t size = line.events.front().record_bytes();
    const bool fits = lines.empty() || bytes + size <= most;
    const bool diverted = Divert(line, now);
    if (!diverted && !fits) break;
    ready_copies_.erase(std::exchange(line.copies_place, 0));
    if (diverted) continue;
    bytes += size;
    lines.push_back(&line);
  }
  return lines;
}

std::optional<DeliveryWindow::Upload> DeliveryWindow::NextUpload(absl::Time now) {
  while (Line* const line = uploads_.Pop(now)) {
    const Event& event = line->events.front();
    if (event.stored_until || NeedsUpload(event, now)) {
      NoteSent(event);
      return Upload{uploads_.Begin(line), &event};
    }
    MakeReady(*line);  // the limit was raised meanwhile
  }
  return std::nullopt;
}

const Event* DeliveryWindow::Uploading(UploadId id) const {
  const Line* const line = uploads_.Find(id);
  return line == nullptr ? nullptr : &line->events.front();
}

Event DeliveryWindow::PopFront(Line& line) {
  Event event = std::move(line.events.front());
  line.events.pop_front();
  Forget(line, event);
  return event;
}

void DeliveryWindow::Forget(Line& line, const Event& event) {
  --waiting_;
  memory_bytes_ -= event.memory_bytes();
  if (event.is_copy()) {
    --copies_;
    return;
  }
  --line.changes;
  const auto time = commit_times_.find(event.commit_time);
  if (--time->second == 0) commit_times_.erase(time);
}

DeliveryWindow::Shed DeliveryWindow::ShedUnsent() {
  Shed shed;
  const std::int64_t bytes_before = memory_bytes_;
  absl::flat_hash_set<const Line*> emptied;
  for (auto& entry : lines_) {
    Line& line = entry.second;
    const std::size_t before = line.events.size();
    std::erase_if(line.events, [&](const Event& event) {
      if (event.position <= highest_sent_) return false;
      shed.through = std::min(shed.through, event.position - 1);
      shed.oldest_commit = std::min(shed.oldest_commit, event.commit_time);
      Forget(line, event);
      return true;
    });
    shed.changes += static_cast<std::int64_t>(before - line.events.size());
    if (line.events.empty()) emptied.insert(&line);
  }
  if (shed.changes == 0) return shed;
  // None of an emptied line was sent, so it stands in no request and in no delay.
  const auto is_empty = [&](const Line* line) { return emptied.contains(line); };
  std::erase_if(ready_, is_empty);
  uploads_.RemoveIf(is_empty);
  absl::erase_if(lines_, [&](const auto& entry) { return is_empty(&entry.second); });
  shed.bytes = bytes_before - memory_bytes_;
  return shed;
}

void DeliveryWindow::Advance(Line& line, const std::string& key) {
  line.failures = 0;
  line.refused_after.reset();
  if (lone_ == &line) lone_ = nullptr;
  if (line.events.empty()) {
    lines_.erase(key);
  } else {
    Enqueue(line);
  }
}

absl::Time DeliveryWindow::NextDue() const {
  if (Full()) return absl::InfiniteFuture();
  absl::Time due = absl::InfiniteFuture();
  if (!ready_.empty() || !suspects_.empty()) {
    due = absl::InfinitePast();
  } else {
    if (!delayed_.empty()) due = delayed_.begin()->first;
    if (CopiesMayGo()) due = std::min(due, copies_paused_until_);
  }
  return due == absl::InfiniteFuture() ? due : std::max(due, paused_until_);
}

absl::Time DeliveryWindow::OldestCommit() const {
  return commit_times_.empty() ? absl::InfiniteFuture() : commit_times_.begin()->first;
}

}  // namespace tidemark::publisher
