#include "common/aws/http.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/aws/http_exchange.h"
#include "common/base/clock.h"

namespace tidemark::aws {
namespace {

// Bounds the sleep of an idle loop; libcurl's own timers and our deadlines shorten it.
constexpr absl::Duration kMaxPoll = absl::Seconds(10);

struct CurlMultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};

bool InitializeOnce() {
  static const bool done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return done;
}

absl::Status Stopping() { return absl::CancelledError("the HTTP client is stopping"); }

}  // namespace

// The thread and all it touches. Others only add to `incoming_` and wake it.
class CurlTransport::Loop {
 public:
  Loop(Options options, CURLM* multi) : options_(std::move(options)), multi_(multi) {
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      static_cast<long>(options_.max_connections_per_host));
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                      static_cast<long>(options_.max_connections));
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_connections));
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
    thread_ = std::thread([this] { Run(); });
  }

  ~Loop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_.get());
    thread_.join();
  }

  void Add(std::unique_ptr<HttpExchange> exchange) {
    std::unique_lock lock(mutex_);
    if (stopping_) {
      lock.unlock();
      return exchange->Fail(Stopping());
    }
    const bool wake = incoming_.empty();  // else a wake-up is already on its way
    incoming_.push_back(std::move(exchange));
    lock.unlock();
    if (wake) curl_multi_wakeup(multi_.get());
  }

 private:
  void Run() {
    while (TakeIncoming()) {
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      const bool finished = FinishDone();
      const bool expired = ExpireOverdue();
      if (!finished && !expired) {
        curl_multi_poll(multi_.get(), nullptr, 0, PollMillis(), nullptr);
      }
    }
    CancelAll();
  }

  // Starts what was sent since; false once the loop is to stop.
  bool TakeIncoming() {
    std::deque<std::unique_ptr<HttpExchange>> incoming;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return false;
      incoming.swap(incoming_);
    }
    for (auto& exchange : incoming) Begin(std::move(exchange));
    return true;
  }

  void Begin(std::unique_ptr<HttpExchange> exchange) {
    CurlEasy handle;
    if (idle_.empty()) {
      handle.reset(curl_easy_init());
    } else {
      handle = std::move(idle_.back());
      idle_.pop_back();
    }
    if (!handle) return exchange->Fail(absl::ResourceExhaustedError("libcurl has no handle"));
    absl::Status status = exchange->Prepare(std::move(handle), options_);
    if (!status.ok()) return exchange->Fail(std::move(status));
    curl_multi_add_handle(multi_.get(), exchange->handle());
    deadlines_.emplace(exchange->deadline(), exchange->handle());
    CURL* const key = exchange->handle();
    active_.emplace(key, std::move(exchange));
  }

  // Takes an exchange out of libcurl's hands and ours.
  std::unique_ptr<HttpExchange> Take(CURL* handle) {
    const auto found = active_.find(handle);
    std::unique_ptr<HttpExchange> exchange = std::move(found->second);
    active_.erase(found);
    deadlines_.erase({exchange->deadline(), handle});
    curl_multi_remove_handle(multi_.get(), handle);
    return exchange;
  }

  void Recycle(HttpExchange& exchange) {
    if (idle_.size() < static_cast<std::size_t>(options_.max_connections)) {
      idle_.push_back(exchange.TakeHandle());
    }
  }

  // Calls back for what is complete; returns whether there was anything.
  bool FinishDone() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      any = true;
      const CURLcode code = message->data.result;  // the message goes with the handle
      const std::unique_ptr<HttpExchange> exchange = Take(message->easy_handle);
      exchange->Finish(code);
      Recycle(*exchange);
    }
    return any;
  }

  // Gives up what is past its deadline; returns whether there was anything.
  bool ExpireOverdue() {
    bool any = false;
    while (!deadlines_.empty() && deadlines_.begin()->first <= BoottimeClock().Now()) {
      any = true;
      const std::unique_ptr<HttpExchange> exchange = Take(deadlines_.begin()->second);
      exchange->Finish(CURLE_OPERATION_TIMEDOUT);
      Recycle(*exchange);
    }
    return any;
  }

  int PollMillis() const {
    absl::Duration wait = kMaxPoll;
    if (!deadlines_.empty()) {
      wait =
          std::min(wait, deadlines_.begin()->first - BoottimeClock().Now() + absl::Milliseconds(1));
    }
    return static_cast<int>(std::max<std::int64_t>(absl::ToInt64Milliseconds(wait), 0));
  }

  void CancelAll() {
    for (auto& [handle, exchange] : active_) {
      curl_multi_remove_handle(multi_.get(), handle);
      exchange->Fail(Stopping());
    }
    active_.clear();
    deadlines_.clear();
    std::deque<std::unique_ptr<HttpExchange>> incoming;
    {
      const std::lock_guard lock(mutex_);
      incoming.swap(incoming_);
    }
    for (auto& exchange : incoming) exchange->Fail(Stopping());
  }

  const Options options_;
  std::unique_ptr<CURLM, CurlMultiDeleter> multi_;
  std::unordered_map<CURL*, std::unique_ptr<HttpExchange>> active_;
  std::set<std::pair<absl::Time, CURL*>> deadlines_;  // of all that is active, by boottime
  std::vector<CurlEasy> idle_;                        // handles to use again

  std::mutex mutex_;
  std::deque<std::unique_ptr<HttpExchange>> incoming_;  // guarded by mutex_
  bool stopping_ = false;                               // guarded by mutex_

  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<CurlTransport>> CurlTransport::Start(Options options) {
  if (!InitializeOnce()) return absl::InternalError("libcurl can't be initialized");
  CURLM* multi = curl_multi_init();
  if (multi == nullptr) return absl::InternalError("libcurl can't be set up");
  return std::unique_ptr<CurlTransport>(
      new CurlTransport(std::make_unique<Loop>(std::move(options), multi)));
}

CurlTransport::CurlTransport(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
CurlTransport::~CurlTransport() = default;

void CurlTransport::Send(HttpRequest request, const HttpTimeouts& timeouts, Callback callback) {
  loop_->Add(std::make_unique<HttpExchange>(std::move(request), timeouts, std::move(callback)));
}

}  // namespace tidemark::aws
