#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "services/publisher/store/bulk_store.h"
#include "services/publisher/store/lease_store.h"
#include "services/publisher/store/parked_changes.h"

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
  // What they parked.
  virtual ParkedChanges& parked() = 0;
  virtual BulkStore& bulk() = 0;
  // Waits until members that live for `ttl` have expired.
  virtual void Expire(absl::Duration ttl) = 0;
};

using LeasesFactory = std::function<std::unique_ptr<LeasesUnderTest>()>;

class LeaseStoreContract : public ::testing::TestWithParam<LeasesFactory> {
 protected:
  void SetUp() override { leases_ = GetParam()(); }

  // The calls must not fail.
  static Standing Join(LeaseStore& store, const std::string& member,
                       absl::Duration ttl = absl::Minutes(1));
  static std::optional<Standing> Renew(LeaseStore& store, const std::string& member,
                                       absl::Duration ttl = absl::Minutes(1));
  static Leases Take(LeaseStore& store, const std::string& member, int shards = kLogShards);
  // Joins and takes all shards.
  static Leases TakeAll(LeaseStore& store, const std::string& member,
                        absl::Duration ttl = absl::Minutes(1));
  static bool Store(LeaseStore& store, const std::string& member, const Leases& leases,
                    const Progress& progress);
  // Everything up to `position` is settled in the shards that are held.
  static bool Settle(LeaseStore& store, const std::string& member, const Leases& leases,
                     Position position);
  // What is stored, as the next holder sees it. `holder` leaves for it.
  Leases TakeOver(const std::string& holder);

  std::unique_ptr<LeasesUnderTest> leases_;
};

}  // namespace tidemark::publisher
