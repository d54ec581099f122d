#include "services/publisher/engine/testing/fake_sender.h"

#include <algorithm>
#include <utility>

namespace tidemark::publisher {

FakeSender::FakeSender() : thread_([this] { Loop(); }) {}

FakeSender::~FakeSender() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void FakeSender::Send(const DestinationConfig& destination,
                      std::span<const DeliveryWindow::Record> records, std::string_view traceparent,
                      Sent done) {
  Request request{destination.stream_name, {}, std::move(done)};
  for (const auto& record : records) {
    request.records.push_back(
        {std::string(record.key), record.event->position, std::string(record.data)});
  }
  {
    const std::lock_guard lock(mutex_);
    ++requests_;
    queue_.push_back(std::move(request));
  }
  changed_.notify_all();
}

void FakeSender::Look(const DestinationConfig& destination, Looked done) {
  Sight sight;
  {
    const std::lock_guard lock(mutex_);
    ++looks_;
    sight = {state_, record_bytes_};
  }
  done(sight);
}

void FakeSender::SetJudge(Judge judge) {
  const std::lock_guard lock(mutex_);
  judge_ = std::move(judge);
}

void FakeSender::SetState(StreamState state) {
  const std::lock_guard lock(mutex_);
  state_ = state;
}

void FakeSender::SetRecordBytes(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  record_bytes_ = bytes;
}

void FakeSender::Hold(bool hold) {
  {
    const std::lock_guard lock(mutex_);
    hold_ = hold;
  }
  changed_.notify_all();
}

void FakeSender::HoldStream(std::string stream) {
  {
    const std::lock_guard lock(mutex_);
    held_stream_ = std::move(stream);
  }
  changed_.notify_all();
}

std::vector<FakeSender::Record> FakeSender::Arrived(const std::string& stream) const {
  const std::lock_guard lock(mutex_);
  const auto it = arrived_.find(stream);
  return it == arrived_.end() ? std::vector<Record>() : it->second;
}

std::vector<Position> FakeSender::Positions(const std::string& stream) const {
  std::vector<Position> positions;
  for (const Record& record : Arrived(stream)) positions.push_back(record.position);
  return positions;
}

std::size_t FakeSender::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void FakeSender::Forget(const DestinationConfig&) {
  const std::lock_guard lock(mutex_);
  ++forgotten_;
}

std::size_t FakeSender::forgotten() const {
  const std::lock_guard lock(mutex_);
  return forgotten_;
}

std::size_t FakeSender::looks() const {
  const std::lock_guard lock(mutex_);
  return looks_;
}

std::size_t FakeSender::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

FakeSender::Verdict FakeSender::Success(const std::vector<Record>& records) {
  return {.result = {.records = std::vector<RecordResult>(records.size())}};
}

FakeSender::Verdict FakeSender::Failure(Fault fault, bool arrives) {
  return {.result = {.fault = fault, .error = "the fake says no"}, .arrives = arrives};
}

void FakeSender::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    auto next = queue_.end();
    changed_.wait(lock, [&] {
      next = std::find_if(queue_.begin(), queue_.end(), [this](const Request& request) {
        return !hold_ && request.stream != held_stream_;
      });
      return stopping_ || next != queue_.end();
    });
    if (stopping_) return;
    const Request request = std::move(*next);
    queue_.erase(next);
    lock.unlock();
    Answer(request);
    lock.lock();
  }
}

void FakeSender::Answer(const Request& request) {
  Judge judge;
  {
    const std::lock_guard lock(mutex_);
    judge = judge_;
  }
  Verdict verdict = judge ? judge(request.stream, request.records) : Success(request.records);
  {
    const std::lock_guard lock(mutex_);
    std::vector<Record>& arrived = arrived_[request.stream];
    for (std::size_t i = 0; i < request.records.size(); ++i) {
      const bool failed =
          verdict.result.fault != Fault::kNone || verdict.result.records[i].fault != Fault::kNone;
      if (!failed || verdict.arrives) arrived.push_back(request.records[i]);
    }
  }
  request.done(std::move(verdict.result));
}

}  // namespace tidemark::publisher
