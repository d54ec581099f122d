#pragma once

#include <memory>

#include "common/aws/credentials.h"
#include "common/aws/credentials_source.h"
#include "common/base/clock.h"
#include "common/base/random.h"

namespace tidemark::aws {

// Keeps what a source gave. Fetches anew, once for all that ask, when nothing is at hand or AWS
// refused it, and ahead of the expiry by 5 minutes or a fifth of the lifetime, whichever is less
// (by chance up to twice that), while those at hand go on being used; also when that fails, until
// they expire. Those without an expiry are fetched anew in the same way every 5 minutes (by chance
// down to half of that): who only presigns is never told that they were replaced. After a failure
// it waits from 0.5 to 10 s before it asks the source again, after a success 1 s: who asks in
// between gets what is at hand, or the last error.
//
// Works when it is asked: nothing happens in the background of a provider that nobody uses.
class CachedCredentials final : public CredentialsProvider {
 public:
  // `clock` (that of the credentials' expiry) and `random` must outlive it and its fetches.
  CachedCredentials(std::unique_ptr<CredentialsSource> source, const Clock& clock, Random& random);

  void Get(Callback callback) override;
  void Refuse(const Credentials& refused) override;
  void Renew() override;

 private:
  class State;
  const std::shared_ptr<State> state_;  // shared with the fetch under way
};

}  // namespace tidemark::aws
