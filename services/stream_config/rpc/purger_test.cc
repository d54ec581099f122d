#include "services/stream_config/rpc/purger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/eventually.h"
#include "services/stream_config/rpc/testing/fake_datasets.h"
#include "services/stream_config/store/memory_store.h"

namespace tidemark::stream_config {
namespace {

using ::testing::ElementsAre;
using testing::Eventually;
using ::testing::IsEmpty;

class PurgerTest : public ::testing::Test {
 protected:
  static constexpr Purger::Options kQuick = {.delay = absl::Hours(1),
                                             .interval = absl::Milliseconds(1)};

  void Delete(const std::string& id, absl::Duration ago) {
    ASSERT_TRUE(store_.Create({.pool = {.id = id}}, absl::InfiniteFuture()).ok());
    ASSERT_TRUE(
        store_.Delete(id, std::nullopt, SystemClock().Now() - ago, absl::InfiniteFuture()).ok());
  }
  bool AllPurged() {
    return store_.ListUnpurged(absl::Now() - absl::Hours(1), 10, absl::InfiniteFuture())->empty();
  }
  double Purges(const std::string& outcome) {
    for (const prometheus::MetricFamily& family : registry_.Collect()) {
      for (const prometheus::ClientMetric& metric : family.metric) {
        if (metric.label.at(0).value == outcome) return metric.counter.value;
      }
    }
    return -1;
  }

  MemoryStore store_;
  FakeDatasets datasets_;
  prometheus::Registry registry_;
};

TEST_F(PurgerTest, PurgesOnceMoreWhatWasDeletedLongAgo) {
  Delete("r:old", absl::Hours(2));
  Delete("r:new", absl::Minutes(1));
  ASSERT_TRUE(store_.Create({.pool = {.id = "r:live"}}, absl::InfiniteFuture()).ok());
  {
    Purger purger(store_, datasets_, SystemClock(), kQuick, registry_);
    EXPECT_TRUE(Eventually([&] { return AllPurged(); }));
  }
  EXPECT_THAT(datasets_.purged(), ElementsAre("r:old"));
  EXPECT_EQ(Purges("ok"), 1);
}

TEST_F(PurgerTest, TriesAgainUntilTheDatasetServiceIsBack) {
  Delete("r:1", absl::Hours(2));
  datasets_.SetAway(true);
  Purger purger(store_, datasets_, SystemClock(), kQuick, registry_);
  EXPECT_TRUE(Eventually([&] { return Purges("failed") >= 2; }));
  EXPECT_FALSE(AllPurged());
  EXPECT_THAT(datasets_.purged(), IsEmpty());
  datasets_.SetAway(false);
  EXPECT_TRUE(Eventually([&] { return AllPurged(); }));
}

TEST_F(PurgerTest, APoolThatCannotBePurgedHoldsUpNoOther) {
  for (const char* id : {"r:1", "r:2", "r:3"}) Delete(id, absl::Hours(2));
  datasets_.SetUnpurgeable("r:1");
  Purger purger(store_, datasets_, SystemClock(), kQuick, registry_);
  EXPECT_TRUE(Eventually([&] { return datasets_.purged().size() == 2; }));
  EXPECT_FALSE(AllPurged());
}

TEST_F(PurgerTest, EndsAtOnceInTheMiddleOfAPause) {
  const Purger purger(store_, datasets_, SystemClock(), {.interval = absl::Hours(1)}, registry_);
}

}  // namespace
}  // namespace tidemark::stream_config
