#include "services/publisher/domain/delivery_window.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "services/publisher/domain/backoff.h"

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
    sent.suspect = true;
    sent.lines = std::move(suspects_.front());
    suspects_.pop_front();
    std::erase_if(sent.lines, [&](Line* line) { return Divert(*line, now); });
  } else {
    sent.lines = Gather(now, BoundsOf(most));
  }
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

void DeliveryWindow::PauseCopies(const InFlight& request, const SendResult& result, absl::Time now,
                                 Random& random) {
  const bool throttled =
      result.fault == Fault::kThrottled ||
      std::any_of(result.records.begin(), result.records.end(),
                  [](const auto& record) { return record.fault == Fault::kThrottled; });
  if (throttled) {
    const absl::Duration pause = BackoffDelay(Fault::kThrottled, ++copy_throttles_, random);
    copies_paused_until_ = std::max(copies_paused_until_, now + pause);
  } else if (request.copies) {
    copy_throttles_ = 0;
  }
}

DeliveryWindow::Settled DeliveryWindow::Finish(RequestId id, const SendResult& result,
                                               absl::Time now, Random& random) {
  Settled settled;
  const auto it = in_flight_.find(id);
  if (it == in_flight_.end()) return settled;
  InFlight request = std::move(it->second);
  in_flight_.erase(it);
  copy_requests_ -= request.copies ? 1 : 0;
  if (copies_ > 0) PauseCopies(request, result, now, random);

  if (result.fault != Fault::kNone || result.records.size() != request.lines.size()) {
    FailRequest(std::move(request), result, now, random, settled);
    return settled;
  }
  failures_ = 0;
  const bool accepted =
      std::any_of(result.records.begin(), result.records.end(),
                  [](const auto& record) { return record.fault == Fault::kNone; });
  if (accepted) {
    ++accepted_;
    last_error_.clear();
  }
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    FinishRecord(*request.lines[i], result.records[i], now, random, settled);
  }
  return settled;
}

void DeliveryWindow::FinishRecord(Line& line, const RecordResult& result, absl::Time now,
                                  Random& random, Settled& settled) {
  switch (result.fault) {
    case Fault::kNone:
      settled.delivered.push_back(PopFront(line));
      Advance(line, settled.delivered.back().key);
      return;
    case Fault::kRefused:
      return Refuse(line, result.error, settled);
    default:
      lone_ = nullptr;
      last_error_ = result.error;
      Delay(line, result.fault, now, random);
  }
}

void DeliveryWindow::FailRequest(InFlight request, const SendResult& result, absl::Time now,
                                 Random& random, Settled& settled) {
  last_error_ = result.error;
  if (result.fault == Fault::kRefused) {
    for (Line* line : request.lines) {
      if (!line->refused_after) line->refused_after = accepted_;
    }
    if (request.lines.size() > 1) {
      lone_ = nullptr;
      return Split(request.lines);
    }
    return RefuseAlone(*request.lines.front(), result.error, now, random, settled);
  }
  lone_ = nullptr;
  // An answer that does not fit the request is a fault of the other side, like a broken connection.
  const Fault fault = result.fault == Fault::kNone ? Fault::kTransient : result.fault;
  // Requests that were in flight together fail as one.
  if (now >= paused_until_) ++failures_;
  paused_until_ = std::max(paused_until_, now + BackoffDelay(fault, failures_, random));
  if (request.suspect) {
    suspects_.push_front(std::move(request.lines));
  } else if (request.copies) {
    for (Line* line : request.lines) MakeReady(*line);
  } else {
    ready_.insert(ready_.begin(), request.lines.begin(), request.lines.end());
  }
}

void DeliveryWindow::Split(const Lines& lines) {
  const auto middle = lines.begin() + static_cast<std::ptrdiff_t>(lines.size() / 2);
  suspects_.emplace_back(lines.begin(), middle);
  suspects_.emplace_back(middle, lines.end());
}

void DeliveryWindow::RefuseAlone(Line& line, const std::string& error, absl::Time now,
                                 Random& random, Settled& settled) {
  if (accepted_ > *line.refused_after) return Refuse(line, error, settled);
  if (lone_ != &line) {
    lone_ = &line;
    lone_since_ = now;
    lone_refusals_ = 0;
  }
  if (++lone_refusals_ < kLoneRefusals || now - lone_since_ < kLoneRefusal) {
    return Delay(line, Fault::kRefused, now, random);
  }
  // Nothing but this record is known to fail.
  last_error_.clear();
  Refuse(line, error, settled);
}

void DeliveryWindow::Refuse(Line& line, const std::string& error, Settled& settled) {
  const Event& event = line.events.front();
  if (!event.stored_until && event.record_bytes() > limits_.record_bytes) {
    // The stream does not take such records, or no more.
    record_bytes_ = limits_.record_bytes;
    line.refused_after.reset();
    if (lone_ == &line) lone_ = nullptr;
    return uploads_.Push(&line);
  }
  settled.refused.push_back({PopFront(line), error});
  Advance(line, settled.refused.back().event.key);
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

std::optional<DeliveryWindow::Refused> DeliveryWindow::FinishUpload(UploadId id,
                                                                    UploadResult result,
                                                                    absl::Time now,
                                                                    Random& random) {
  Line* const line = uploads_.Finish(id);
  if (line == nullptr) return std::nullopt;
  Event& event = line->events.front();
  if (result.fault == Fault::kRefused) {
    Refused refused{PopFront(*line), std::move(result.error)};
    Advance(*line, refused.event.key);
    return refused;
  }
  if (result.fault != Fault::kNone) {
    last_upload_error_ = std::move(result.error);
    uploads_.Delay(line, now + BackoffDelay(result.fault, ++line->failures, random));
    return std::nullopt;
  }
  last_upload_error_.clear();
  line->failures = 0;
  memory_bytes_ -= event.memory_bytes();
  event.data.swap(result.data);  // and not a short text in a large buffer
  event.records = {};
  event.stored_until = result.good_until;
  memory_bytes_ += event.memory_bytes();
  MakeReady(*line);
  return std::nullopt;
}

void DeliveryWindow::Delay(Line& line, Fault fault, absl::Time now, Random& random) {
  delayed_.emplace(now + BackoffDelay(fault, ++line.failures, random), &line);
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
