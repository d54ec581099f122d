#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "common/aws/credentials.h"
#include "common/aws/role_refusals.h"
#include "common/aws/sts.h"
#include "common/base/clock.h"
#include "common/base/random.h"

namespace tidemark::aws {

// The credentials of the pools' roles: assumed when they are first asked for, kept and renewed
// while they are used, and forgotten when they were not for an hour or are too many. What the roles
// refuse is judged together (RoleRefusals). Safe for concurrent use.
class RoleCredentials {
 public:
  struct Options {
    // How long a role must refuse before it counts: see AssumedRole.
    absl::Duration patience = absl::Minutes(1);
    std::size_t max_roles = 4096;  // those unused for longest go first
  };
  // Must outlive it and what it gave out.
  struct Clocks {
    const Clock& wall;
    const Clock& boottime;
  };

  // `sts` signs with the base credentials.
  RoleCredentials(const Options& options, StsClient sts, const Clocks& clocks, Random& random);

  // Those of a role that trusts `external_id`: the same provider while it is remembered.
  std::shared_ptr<CredentialsProvider> Of(std::string_view role_arn, std::string_view external_id);

  // Forgets that role with all that it refused: the next Of assumes it anew.
  void Drop(std::string_view role_arn, std::string_view external_id);

  std::size_t size() const;

 private:
  using Key = std::pair<std::string, std::string>;  // role, external id
  struct Entry {
    Key key;
    std::shared_ptr<CredentialsProvider> credentials;
    absl::Time used;
  };

  std::shared_ptr<CredentialsProvider> Assume(const Key& key) const;
  void Forget(absl::Time now);

  const Options options_;
  const StsClient sts_;
  const Clocks clocks_;
  Random& random_;
  const std::shared_ptr<RoleRefusals> refusals_;  // shared with what was given out

  mutable std::mutex mutex_;
  // Guarded by mutex_. The most recently used first.
  std::list<Entry> entries_;
  std::map<Key, std::list<Entry>::iterator> by_key_;
};

}  // namespace tidemark::aws
