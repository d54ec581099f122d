#include "common/aws/cached_credentials.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "common/base/backoff.h"

namespace tidemark::aws {
namespace {

constexpr absl::Duration kMaxLead = absl::Minutes(5);
constexpr absl::Duration kLookAgain = absl::Minutes(5);
constexpr absl::Duration kFirstPause = absl::Milliseconds(500);
constexpr absl::Duration kLongestPause = absl::Seconds(10);
constexpr absl::Duration kPauseAfterSuccess = absl::Seconds(1);

// When to fetch others.
absl::Time RenewAt(const Credentials& credentials, absl::Time now, Random& random) {
  if (credentials.expiry == absl::InfiniteFuture()) return now + WithJitter(kLookAgain, random);
  const absl::Duration lead = std::min(kMaxLead, (credentials.expiry - now) / 5);
  return credentials.expiry - WithJitter(2 * lead, random);
}

}  // namespace

class CachedCredentials::State : public std::enable_shared_from_this<State> {
 public:
  State(std::unique_ptr<CredentialsSource> source, const Clock& clock, Random& random)
      : source_(std::move(source)),
        clock_(clock),
        random_(random),
        backoff_(kFirstPause, kLongestPause, random) {}

  void Get(Callback callback) {
    std::unique_lock lock(mutex_);
    const absl::Time now = clock_.Now();
    if (current_ != nullptr && now >= current_->expiry) current_ = nullptr;
    const bool wanted = current_ == nullptr || now >= renew_at_;
    const bool begin = wanted && !fetching_ && MayFetch(now);
    if (begin) fetching_ = true;
    if (current_ == nullptr && fetching_) {
      waiters_.push_back(std::move(callback));
      lock.unlock();
    } else {
      const absl::StatusOr<Pointer> answer = AtHand();
      lock.unlock();
      callback(answer);
    }
    if (begin) Fetch();
  }

  void Refuse(const Credentials& refused) {
    const std::lock_guard lock(mutex_);
    if (current_ == nullptr || *current_ != refused) return;
    current_ = nullptr;
    last_error_ = absl::UnavailableError("AWS refused the credentials; others are fetched");
  }

  void Renew() {
    const std::lock_guard lock(mutex_);
    renew_at_ = absl::InfinitePast();
  }

 private:
  // A clock that was set back must not make it wait for longer than any pause.
  bool MayFetch(absl::Time now) const {
    return now >= next_fetch_ || now < next_fetch_ - kLongestPause;
  }

  absl::StatusOr<Pointer> AtHand() const {
    if (current_ == nullptr) return last_error_;
    return current_;
  }

  void Fetch() {
    source_->Fetch([self = shared_from_this()](absl::StatusOr<Credentials> fetched) {
      self->Finish(std::move(fetched));
    });
  }

  void Finish(absl::StatusOr<Credentials> fetched) {
    std::unique_lock lock(mutex_);
    const absl::Time now = clock_.Now();
    if (fetched.ok() && fetched->expiry <= now) {
      fetched = absl::UnavailableError("the credentials that were fetched have expired");
    }
    if (fetched.ok()) {
      current_ = std::make_shared<const Credentials>(*std::move(fetched));
      renew_at_ = RenewAt(*current_, now, random_);
      last_error_ = absl::UnavailableError("the credentials have expired");
      next_fetch_ = now + kPauseAfterSuccess;
      backoff_.Reset();
    } else {
      last_error_ = fetched.status();
      next_fetch_ = now + backoff_.Next();
    }
    const absl::StatusOr<Pointer> answer = AtHand();
    fetching_ = false;
    const std::vector<Callback> waiters = std::exchange(waiters_, {});
    lock.unlock();
    for (const Callback& waiter : waiters) waiter(answer);
  }

  const std::unique_ptr<CredentialsSource> source_;
  const Clock& clock_;
  Random& random_;

  std::mutex mutex_;
  // All below guarded by mutex_.
  Pointer current_;  // null: none that AWS would take
  absl::Time renew_at_ = absl::InfiniteFuture();
  absl::Time next_fetch_ = absl::InfinitePast();
  absl::Status last_error_ = absl::UnavailableError("no credentials were fetched yet");
  Backoff backoff_;
  bool fetching_ = false;
  std::vector<Callback> waiters_;
};

CachedCredentials::CachedCredentials(std::unique_ptr<CredentialsSource> source, const Clock& clock,
                                     Random& random)
    : state_(std::make_shared<State>(std::move(source), clock, random)) {}

void CachedCredentials::Get(Callback callback) { state_->Get(std::move(callback)); }

void CachedCredentials::Renew() { state_->Renew(); }

void CachedCredentials::Refuse(const Credentials& refused) { state_->Refuse(refused); }

}  // namespace tidemark::aws
