#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "services/publisher/store/lease_store.h"

// What every lease store must do. A test program adds lease_store_contract.cc to its sources and
// instantiates LeaseStoreContract with a factory.
namespace tidemark::publisher {

// Shards that nobody holds, nothing settled.
class LeasesUnderTest {
 public:
  virtual ~LeasesUnderTest() = default;
  // The stores of two processes.
  virtual LeaseStore& one() = 0;
  virtual LeaseStore& two() = 0;
  // Waits until members that live for `ttl` have expired.
  virtual void Expire(absl::Duration ttl) = 0;
};

using LeasesFactory = std::function<std::unique_ptr<LeasesUnderTest>()>;

class LeaseStoreContract : public ::testing::TestWithParam<LeasesFactory> {
 protected:
  void SetUp() override { leases_ = GetParam()(); }

  // The calls must not fail; for Acquire, neither be in vain.
  static Leases Acquire(LeaseStore& store, const std::string& member,
                        absl::Duration ttl = absl::Minutes(1));
  static bool Waits(LeaseStore& store, const std::string& member);
  static bool Store(LeaseStore& store, const std::string& member, const Leases& term,
                    const Progress& progress);
  static bool Settle(LeaseStore& store, const std::string& member, const Leases& term,
                     Position position);
  // What is stored, as the next holder sees it. `holder` is released for it.
  Leases TakeOver(const std::string& holder);

  std::unique_ptr<LeasesUnderTest> leases_;
};

}  // namespace tidemark::publisher
