#include <algorithm>
#include <utility>

#include "services/publisher/domain/backoff.h"
#include "services/publisher/domain/delivery_window.h"

// What became of requests and uploads.
namespace tidemark::publisher {

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

void DeliveryWindow::Delay(Line& line, Fault fault, absl::Time now, Random& random) {
  delayed_.emplace(now + BackoffDelay(fault, ++line.failures, random), &line);
}

}  // namespace tidemark::publisher
