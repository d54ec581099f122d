#include "common/rpc/open_calls.h"

namespace tidemark::rpc {

OpenCalls::Entry& OpenCalls::Entry::operator=(Entry&& other) noexcept {
  std::swap(calls_, other.calls_);
  std::swap(id_, other.id_);
  return *this;
}

OpenCalls::Entry::~Entry() {
  if (calls_ != nullptr) calls_->Remove(id_);
}

void OpenCalls::Entry::EndOnStop(std::function<void()> end) {
  if (calls_ == nullptr) return;
  {
    const std::lock_guard lock(calls_->mutex_);
    if (!calls_->stopping_) {
      calls_->ends_[id_] = std::move(end);
      return;
    }
  }
  end();
}

OpenCalls::Entry OpenCalls::Add() {
  const std::lock_guard lock(mutex_);
  ++open_;
  return {this, ++next_id_};
}

void OpenCalls::Stop() {
  std::map<std::uint64_t, std::function<void()>> ends;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ends.swap(ends_);
  }
  for (const auto& [id, end] : ends) end();
}

bool OpenCalls::WaitForNone(absl::Time deadline) {
  std::unique_lock lock(mutex_);
  return none_.wait_until(lock, absl::ToChronoTime(deadline), [this] { return open_ == 0; });
}

void OpenCalls::Remove(std::uint64_t id) {
  std::function<void()> end;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  if (const auto found = ends_.find(id); found != ends_.end()) {
    end = std::move(found->second);
    ends_.erase(found);
  }
  if (--open_ == 0) none_.notify_all();
}

}  // namespace tidemark::rpc
