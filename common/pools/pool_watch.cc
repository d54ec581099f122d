#include "common/pools/pool_watch.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/base/backoff.h"
#include "common/obs/metrics.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "tidemark/stream_config/v1/stream_config_service.grpc.pb.h"

namespace tidemark::pools {
namespace {

namespace v1 = stream_config::v1;

// Turns the messages of one call into changes of a directory. The list is gathered first: a call
// that breaks in the middle of it changes nothing.
class Receiver {
 public:
  explicit Receiver(PoolDirectory& directory) : directory_(directory) {}

  void Take(v1::WatchPoolsResponse& response) {
    std::vector<Pool> pools(std::make_move_iterator(response.mutable_pools()->begin()),
                            std::make_move_iterator(response.mutable_pools()->end()));
    const std::vector<std::string> deleted(response.deleted_identity_pool_ids().begin(),
                                           response.deleted_identity_pool_ids().end());
    if (listed_) {
      directory_.Apply(std::move(pools), deleted);
      return;
    }
    for (Pool& pool : pools) {
      const std::string id = pool.identity_pool_id();
      list_[id] = std::move(pool);
    }
    for (const std::string& id : deleted) list_.erase(id);
    if (response.snapshot_done()) FinishList();
  }

  bool listed() const { return listed_; }

 private:
  void FinishList() {
    std::vector<Pool> pools;
    pools.reserve(list_.size());
    for (auto& [id, pool] : list_) pools.push_back(std::move(pool));
    list_.clear();
    listed_ = true;
    directory_.Replace(std::move(pools));
  }

  PoolDirectory& directory_;
  std::map<std::string, Pool> list_;
  bool listed_ = false;
};

}  // namespace

PoolWatch::PoolWatch(std::shared_ptr<grpc::Channel> channel, PoolDirectory& directory,
                     const Options& options, Random& random, prometheus::Registry& registry)
    : channel_(std::move(channel)),
      directory_(directory),
      options_(options),
      random_(random),
      pools_(obs::Gauge(registry, absl::StrCat("tidemark_", options.service, "_pools"),
                        "Identity pools known.")),
      connected_gauge_(
          obs::Gauge(registry, absl::StrCat("tidemark_", options.service, "_pool_watch_connected"),
                     "1 while changes of pools come in, 0 while the copy may be stale.")) {
  thread_ = std::thread([this] { Loop(); });
}

PoolWatch::~PoolWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (call_ != nullptr) call_->TryCancel();
  }
  stop_.notify_all();
  thread_.join();
}

void PoolWatch::Loop() {
  Backoff backoff(options_.min_backoff, options_.max_backoff, random_);
  while (true) {
    if (Watch()) backoff.Reset();
    SetConnected(false);
    if (!Pause(backoff.Next())) return;
  }
}

bool PoolWatch::Watch() {
  grpc::ClientContext context;
  rpc::ActAsService(absl::StrCat("tidemark-", options_.service), random_, context);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    call_ = &context;
  }
  const auto stub = v1::StreamConfigService::NewStub(channel_);
  const auto reader = stub->WatchPools(&context, v1::WatchPoolsRequest());
  Receiver receiver(directory_);
  v1::WatchPoolsResponse response;
  while (reader->Read(&response)) {
    receiver.Take(response);
    if (receiver.listed()) SetConnected(true);
    pools_.Set(static_cast<double>(directory_.Snapshot()->pools().size()));
  }
  const absl::Status end = rpc::FromGrpc(reader->Finish());
  const std::lock_guard lock(mutex_);
  call_ = nullptr;
  if (!stopping_) Report(end);
  return receiver.listed();
}

void PoolWatch::SetConnected(bool connected) {
  connected_ = connected;
  connected_gauge_.Set(connected ? 1 : 0);
}

void PoolWatch::Report(const absl::Status& end) {
  const std::optional<std::int64_t> held_back = failures_.Admit(absl::Now());
  if (!held_back) return;
  obs::Log(obs::Level::kWarning, "The identity pools can't be watched; trying again.",
           {{"code", absl::StatusCodeToString(end.code())},
            {"error", ToStd(end.message())},
            {"serving_from_cache", directory_.Ready().ok()},
            {"held_back", *held_back}});
}

bool PoolWatch::Pause(absl::Duration pause) {
  std::unique_lock lock(mutex_);
  return !stop_.wait_for(lock, absl::ToChronoNanoseconds(pause), [this] { return stopping_; });
}

}  // namespace tidemark::pools
