#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

namespace tidemark::gateway {

// The calls that wait for a service, so that they can be given up. Safe for concurrent use.
class CallsInFlight {
 public:
  using Context = std::shared_ptr<grpc::ClientContext>;

  // Before the call begins; if calls were given up already, it will end at once.
  void Add(const Context& context) {
    const std::lock_guard lock(mutex_);
    contexts_.insert(context);
    if (given_up_) context->TryCancel();
  }

  void Remove(const Context& context) {
    const std::lock_guard lock(mutex_);
    contexts_.erase(context);
  }

  // Ends all calls, those to come too. Their callbacks may run in here.
  void GiveUp() {
    std::vector<Context> contexts;
    {
      const std::lock_guard lock(mutex_);
      given_up_ = true;
      contexts.assign(contexts_.begin(), contexts_.end());
    }
    for (const Context& context : contexts) context->TryCancel();
  }

 private:
  std::mutex mutex_;
  std::unordered_set<Context> contexts_;
  bool given_up_ = false;
};

}  // namespace tidemark::gateway
