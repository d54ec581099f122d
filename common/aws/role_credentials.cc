#include "common/aws/role_credentials.h"

#include "common/aws/assumed_role_source.h"
#include "common/aws/cached_credentials.h"

namespace tidemark::aws {
namespace {

constexpr absl::Duration kMaxIdle = absl::Hours(1);

}  // namespace

RoleCredentials::RoleCredentials(const Options& options, StsClient sts, const Clocks& clocks,
                                 Random& random)
    : options_(options),
      sts_(std::move(sts)),
      clocks_(clocks),
      random_(random),
      refusals_(std::make_shared<RoleRefusals>(clocks.boottime)) {}

std::shared_ptr<CredentialsProvider> RoleCredentials::Of(std::string_view role_arn,
                                                         std::string_view external_id) {
  Key key(role_arn, external_id);
  const absl::Time now = clocks_.boottime.Now();
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    entries_.push_front({key, Assume(key), now});
    by_key_.emplace(std::move(key), entries_.begin());
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
    entries_.front().used = now;
  }
  Forget(now);
  return entries_.front().credentials;
}

void RoleCredentials::Drop(std::string_view role_arn, std::string_view external_id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(Key(role_arn, external_id));
  if (found == by_key_.end()) return;
  entries_.erase(found->second);
  by_key_.erase(found);
}

std::size_t RoleCredentials::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::shared_ptr<CredentialsProvider> RoleCredentials::Assume(const Key& key) const {
  return std::make_shared<CachedCredentials>(
      std::make_unique<AssumedRoleSource>(
          AssumedRole{
              .role_arn = key.first, .external_id = key.second, .patience = options_.patience},
          sts_, clocks_.boottime, refusals_),
      clocks_.wall, random_);
}

void RoleCredentials::Forget(absl::Time now) {
  while (entries_.size() > 1 &&
         (entries_.size() > options_.max_roles || now - entries_.back().used > kMaxIdle)) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

}  // namespace tidemark::aws
