#include "services/dataset/store/postgres_snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "services/dataset/store/postgres_update_store.h"
#include "services/dataset/store/testing/postgres_fixture.h"
#include "services/dataset/store/testing/requests.h"

namespace tidemark::dataset {
namespace {

using ::testing::SizeIs;

TEST(PostgresSnapshotsTest, ADatasetIsOfOneMomentWhileItIsWritten) {
  Clear(SharedDatabase());
  const pg::ConnectOptions options = ServiceOptions(SharedDatabase());
  const DatasetKey prefs{IdentityKey::Of("us-east-1:0a", "us-east-1:1b"), "prefs"};
  constexpr int kUpdates = 300;
  std::thread writer([&] {
    PostgresUpdateStore updates(options);
    for (int i = 0; i < kUpdates; ++i) {
      const UpdateOutcome outcome =
          Apply(updates, UpdateOf(prefs, {Put(std::to_string(i), SyncCount(0))}));
      ASSERT_TRUE(std::holds_alternative<Applied>(outcome));
    }
  });
  PostgresSnapshots snapshots(options);
  for (std::int64_t count = 0; count < kUpdates;) {
    const auto page = snapshots.Read("us-east-1:0a", {}, {}, {}, InSeconds(30));
    const auto found = snapshots.Get("us-east-1:0a", {&prefs, 1}, kMiB, InSeconds(30));
    ASSERT_TRUE(page.ok() && found.ok()) << page.status() << found.status();
    for (const auto* read : {&page->snapshots, &found->snapshots}) {
      for (const Snapshot& snapshot : *read) {
        count = snapshot.info.sync_count.value();
        ASSERT_THAT(snapshot.records, SizeIs(count)) << "each update adds a record";
      }
    }
  }
  writer.join();
}

}  // namespace
}  // namespace tidemark::dataset
