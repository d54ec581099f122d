#include "services/stream_config/store/store_contract.h"

#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/stream_config/store/update.h"

namespace tidemark::stream_config {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kTime = absl::FromUnixMillis(1'700'000'000'123);

Creation PoolStoreContract::Wanted(const std::string& id, const std::string& request_id) {
  return {.pool = {.id = id,
                   .create_time = kTime,
                   .update_time = kTime,
                   .role_external_id = "external-" + id},
          .request_id = request_id,
          .content_hash = std::string("hash\0\xff", 6)};
}

Pool PoolStoreContract::Full(const std::string& id) {
  Pool pool{.id = id,
            .create_time = kTime,
            .update_time = kTime + absl::Seconds(1),
            .role_external_id = "external-" + id};
  pool.settings = {
      .display_name = "caf\u00e9 'quoted' {a,\"b\"}",
      .stream = StreamSettings{"changes", "arn:aws:iam::1:role/Writer", true},
      .push = {.application_arns = {"arn:b,\"\\", "arn:a"}, .role_arn = "arn:role"},
      .events = {{"SyncTrigger", "arn:function"}},
      .limits = {1, 2, std::int64_t{1} << 40, 4, 5},
  };
  pool.stream_state = {.disabled_reason = "because",
                       .enabled_time = kTime + absl::Seconds(2),
                       .start_position = Position(std::int64_t{1} << 50),
                       .epoch = Epoch(9),
                       .epoch_stream_name = "changes-before",
                       .epoch_account = "210987654321"};
  pool.bulk_publish = BulkPublish{.job = BulkJob(4),
                                  .epoch = Epoch(9),
                                  .start_time = kTime + absl::Seconds(3),
                                  .complete_time = kTime + absl::Seconds(4),
                                  .failure_message = "half of it"};
  return pool;
}

Pool PoolStoreContract::Create(const std::string& id) {
  const absl::StatusOr<Pool> pool = store().Create(Wanted(id), Deadline());
  EXPECT_TRUE(pool.ok()) << pool.status();
  return pool.value_or(Pool{});
}

Pool PoolStoreContract::Get(const std::string& id) {
  const absl::StatusOr<Pool> pool = store().Get(id, Deadline());
  EXPECT_TRUE(pool.ok()) << pool.status();
  return pool.value_or(Pool{});
}

Pool PoolStoreContract::Rename(Pool pool, const std::string& display_name) {
  pool.settings.display_name = display_name;
  const absl::StatusOr<Pool> renamed = store().Replace(pool, Deadline());
  EXPECT_TRUE(renamed.ok()) << renamed.status();
  return renamed.value_or(Pool{});
}

void PoolStoreContract::Delete(const std::string& id) {
  const absl::Status status = store().Delete(id, std::nullopt, kTime, Deadline());
  EXPECT_TRUE(status.ok()) << status;
}

std::vector<std::string> PoolStoreContract::List(const std::string& after_id, std::int32_t limit) {
  const absl::StatusOr<std::vector<Pool>> pools = store().List(after_id, limit, Deadline());
  EXPECT_TRUE(pools.ok()) << pools.status();
  std::vector<std::string> ids;
  for (const Pool& pool : pools.value_or(std::vector<Pool>())) ids.push_back(pool.id);
  return ids;
}

ChangePage PoolStoreContract::Changes(Revision after, std::int32_t limit) {
  absl::StatusOr<ChangePage> page = store().ChangesSince(after, limit, Deadline());
  EXPECT_TRUE(page.ok()) << page.status();
  return page.ok() ? *std::move(page) : ChangePage{};
}

std::vector<std::string> PoolStoreContract::Names(const ChangePage& page) {
  std::vector<std::string> names;
  for (const PoolChange& change : page.changes) {
    names.push_back(absl::StrCat(change.pool ? "" : "-", change.pool_id));
  }
  return names;
}

namespace {

errors::Reason ReasonOf(const absl::Status& status) { return errors::ReasonOf(status); }

// Runs `work(0)` .. `work(count - 1)` at once.
void InParallel(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

TEST_P(PoolStoreContract, KeepsEveryFieldOfAPool) {
  Creation creation = Wanted("r:1");
  creation.pool = Full("r:1");
  const absl::StatusOr<Pool> made = store().Create(creation, Deadline());
  ASSERT_TRUE(made.ok()) << made.status();
  Pool expected = creation.pool;
  expected.number = PoolNumber(1);
  expected.version = Version(1);
  EXPECT_EQ(*made, expected);
  EXPECT_EQ(Get("r:1"), expected);
  EXPECT_EQ(Changes(Revision(0)).changes.at(0).pool, std::optional(expected));
}

TEST_P(PoolStoreContract, KeepsAPoolWithNothingConfigured) {
  Pool expected = Wanted("r:1").pool;
  expected.number = PoolNumber(1);
  expected.version = Version(1);
  EXPECT_EQ(Create("r:1"), expected);
  EXPECT_EQ(Get("r:1"), expected);
}

TEST_P(PoolStoreContract, ReplaceWritesEveryFieldAndRaisesTheVersion) {
  const Pool made = Create("r:1");
  Pool changed = Full("r:1");
  changed.number = made.number;
  changed.version = made.version;
  Pool expected = changed;
  expected.version = Version(2);
  EXPECT_EQ(store().Replace(changed, Deadline()).value(), expected);
  EXPECT_EQ(Get("r:1"), expected);

  // And back: everything can be cleared.
  Pool cleared = made;
  cleared.version = Version(2);
  expected = made;
  expected.version = Version(3);
  EXPECT_EQ(store().Replace(cleared, Deadline()).value(), expected);
  EXPECT_EQ(Get("r:1"), expected);
}

TEST_P(PoolStoreContract, TheExternalIdNeverChanges) {
  Pool pool = Create("r:1");
  ASSERT_EQ(pool.role_external_id, "external-r:1");
  pool.role_external_id = "another";
  EXPECT_EQ(Rename(pool, "new").role_external_id, "external-r:1");
  Creation again = Wanted("r:1");
  again.pool.settings.display_name = "new";
  again.pool.role_external_id = "another";
  EXPECT_EQ(store().Create(again, Deadline()).value().role_external_id, "external-r:1");
  EXPECT_EQ(Get("r:1").role_external_id, "external-r:1");
}

TEST_P(PoolStoreContract, UnknownPoolsAreNotFound) {
  const Pool unknown{.id = "r:1", .version = Version(1)};
  for (const absl::Status& status :
       {store().Get("r:1", Deadline()).status(), store().Replace(unknown, Deadline()).status(),
        store().Delete("r:1", std::nullopt, kTime, Deadline()),
        store().Delete("r:1", Version(1), kTime, Deadline())}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(ReasonOf(status), errors::v1::ERROR_REASON_POOL_NOT_FOUND);
    EXPECT_EQ(errors::MetadataOf(status, "identityPoolId"), "r:1");
  }
}

TEST_P(PoolStoreContract, ARepeatedCreationMakesNoSecondPool) {
  const Pool first = store().Create(Wanted("r:1", "q"), Deadline()).value();
  EXPECT_EQ(store().Create(Wanted("r:2", "q"), Deadline()).value(), first);  // made-up id
  EXPECT_EQ(store().Create(Wanted("r:1"), Deadline()).value(), first);       // equal settings
  EXPECT_THAT(List("", 10), ElementsAre("r:1"));
  EXPECT_EQ(Create("r:3").number, PoolNumber(2));
}

TEST_P(PoolStoreContract, FindsWhatACreationRepeatsWithoutMakingAnything) {
  const auto find = [this](const Creation& creation) {
    return store().FindRepeat(creation, Deadline());
  };
  EXPECT_EQ(find(Wanted("r:1", "q")).value(), std::nullopt);
  EXPECT_THAT(List("", 10), IsEmpty());
  const Pool first = store().Create(Wanted("r:1", "q"), Deadline()).value();
  EXPECT_EQ(find(Wanted("r:2", "q")).value(), first);
  EXPECT_EQ(find(Wanted("r:1")).value(), first);
  EXPECT_EQ(find(Wanted("r:2")).value(), std::nullopt);
  Delete("r:1");
  EXPECT_EQ(ReasonOf(find(Wanted("r:1")).status()), errors::v1::ERROR_REASON_POOL_DELETED);
}

TEST_P(PoolStoreContract, ACreationInTheWayOfAnotherIsRefusedAndChangesNothing) {
  const Pool first = store().Create(Wanted("r:1", "q"), Deadline()).value();
  Creation other = Wanted("r:1");
  other.pool.settings.display_name = "other";
  EXPECT_EQ(ReasonOf(store().Create(other, Deadline()).status()),
            errors::v1::ERROR_REASON_POOL_EXISTS);
  other = Wanted("r:2", "q");
  other.content_hash = "another";
  EXPECT_EQ(ReasonOf(store().Create(other, Deadline()).status()),
            errors::v1::ERROR_REASON_REQUEST_ID_REUSED);
  EXPECT_EQ(Get("r:1"), first);
  EXPECT_THAT(List("", 10), ElementsAre("r:1"));
}

TEST_P(PoolStoreContract, ADeletedPoolIsGoneAndItsIdsAndNumberAreNotGivenAgain) {
  ASSERT_TRUE(store().Create(Wanted("r:1", "q"), Deadline()).ok());
  Delete("r:1");
  EXPECT_EQ(store().Get("r:1", Deadline()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(List("", 10), IsEmpty());
  for (const Creation& again : {Wanted("r:1"), Wanted("r:2", "q")}) {
    EXPECT_EQ(ReasonOf(store().Create(again, Deadline()).status()),
              errors::v1::ERROR_REASON_POOL_DELETED);
  }
  EXPECT_EQ(Create("r:3").number, PoolNumber(2));
}

TEST_P(PoolStoreContract, ListsInByteOrderOfIdsByPages) {
  for (const char* id : {"r:b", "R:c", "r:a", "_:d", "r:c"}) Create(id);
  Delete("r:b");
  EXPECT_THAT(List("", 10), ElementsAre("R:c", "_:d", "r:a", "r:c"));
  EXPECT_THAT(List("", 2), ElementsAre("R:c", "_:d"));
  EXPECT_THAT(List("_:d", 2), ElementsAre("r:a", "r:c"));
  EXPECT_THAT(List("r:c", 2), IsEmpty());
}

TEST_P(PoolStoreContract, AWriteBasedOnAnOldVersionIsRefused) {
  const Pool made = Create("r:1");
  Rename(made, "second");
  const absl::Status stale = store().Replace(made, Deadline()).status();
  EXPECT_EQ(stale.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(stale), errors::v1::ERROR_REASON_VERSION_MISMATCH);
  EXPECT_EQ(errors::MetadataOf(stale, "expected"), "1");
  EXPECT_EQ(errors::MetadataOf(stale, "current"), "2");
  EXPECT_EQ(ReasonOf(store().Delete("r:1", Version(1), kTime, Deadline())),
            errors::v1::ERROR_REASON_VERSION_MISMATCH);
  EXPECT_EQ(Get("r:1").settings.display_name, "second");
  EXPECT_TRUE(store().Delete("r:1", Version(2), kTime, Deadline()).ok());
}

TEST_P(PoolStoreContract, ChangesComeOnceEachInOrderOfTheirRevision) {
  const Pool first = Create("r:1");
  Create("r:2");
  Create("r:3");
  Rename(first, "changed");
  const ChangePage page = Changes(Revision(0));
  EXPECT_THAT(Names(page), ElementsAre("r:2", "r:3", "r:1"));
  EXPECT_EQ(page.changes.back().pool->settings.display_name, "changed");
  EXPECT_LT(page.changes[0].revision, page.changes[1].revision);
  EXPECT_LT(page.changes[1].revision, page.changes[2].revision);
  EXPECT_GE(page.head, page.changes[2].revision);

  EXPECT_THAT(Names(Changes(Revision(0), 2)), ElementsAre("r:2", "r:3"));
  EXPECT_THAT(Names(Changes(page.changes[1].revision)), ElementsAre("r:1"));
  EXPECT_THAT(Names(Changes(page.changes[2].revision)), IsEmpty());

  Delete("r:3");
  EXPECT_THAT(Names(Changes(page.head)), ElementsAre("-r:3"));
  EXPECT_THAT(Names(Changes(Revision(0))), ElementsAre("r:2", "r:1", "-r:3"));
}

TEST_P(PoolStoreContract, WhatDidNothingIsNoChange) {
  const Pool made = Create("r:1");
  const Revision head = Changes(Revision(0)).changes.at(0).revision;
  ASSERT_TRUE(store().Create(Wanted("r:1"), Deadline()).ok());
  Pool stale = made;
  stale.version = Version(7);
  ASSERT_FALSE(store().Replace(stale, Deadline()).ok());
  ASSERT_FALSE(store().Delete("r:1", Version(7), kTime, Deadline()).ok());
  ASSERT_TRUE(store().MarkPurged("r:1", kTime, Deadline()).ok());
  EXPECT_THAT(Names(Changes(head)), IsEmpty());
}

TEST_P(PoolStoreContract, AnEmptyStoreHasNoChanges) {
  const ChangePage page = Changes(Revision(0));
  EXPECT_THAT(page.changes, IsEmpty());
  EXPECT_EQ(page.head, Revision(0));
}

TEST_P(PoolStoreContract, DeletedPoolsAreToBePurgedUntilMarked) {
  for (const char* id : {"r:1", "r:2", "r:3"}) Create(id);
  ASSERT_TRUE(store().Delete("r:1", std::nullopt, kTime, Deadline()).ok());
  ASSERT_TRUE(store().Delete("r:2", std::nullopt, kTime + absl::Seconds(10), Deadline()).ok());
  const auto unpurged = [this](absl::Time before, std::int32_t limit) {
    return store().ListUnpurged(before, limit, Deadline()).value();
  };
  EXPECT_THAT(unpurged(kTime, 10), IsEmpty());
  EXPECT_THAT(unpurged(kTime + absl::Seconds(1), 10), ElementsAre("r:1"));
  EXPECT_THAT(unpurged(absl::InfiniteFuture(), 1), SizeIs(1));
  ASSERT_TRUE(store().MarkPurged("r:1", kTime, Deadline()).ok());
  ASSERT_TRUE(store().MarkPurged("r:3", kTime, Deadline()).ok());
  ASSERT_TRUE(store().MarkPurged("r:unknown", kTime, Deadline()).ok());
  EXPECT_THAT(unpurged(absl::InfiniteFuture(), 10), ElementsAre("r:2"));
  Delete("r:3");
  EXPECT_THAT(unpurged(absl::InfiniteFuture(), 10), ::testing::UnorderedElementsAre("r:2", "r:3"));
}

TEST_P(PoolStoreContract, AReplicaReadsWhatTheOtherWroteAtOnce) {
  const Pool made = Create("r:1");
  EXPECT_EQ(replica().Get("r:1", Deadline()).value(), made);
  Pool changed = replica().Replace(made, Deadline()).value();
  EXPECT_EQ(Get("r:1"), changed);
  EXPECT_THAT(Names(replica().ChangesSince(Revision(0), 10, Deadline()).value()),
              ElementsAre("r:1"));
}

TEST_P(PoolStoreContract, OfTwoWritesOnOneVersionOneWins) {
  Pool pool = Create("r:1");
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> won = 0;
    InParallel(2, [&](int writer) {
      Pool mine = pool;
      mine.settings.display_name = absl::StrCat(round, "/", writer);
      const absl::StatusOr<Pool> written =
          (writer == 0 ? store() : replica()).Replace(mine, Deadline());
      if (written.ok()) {
        ++won;
      } else {
        EXPECT_EQ(ReasonOf(written.status()), errors::v1::ERROR_REASON_VERSION_MISMATCH);
      }
    });
    EXPECT_EQ(won, 1);
    const Version before = pool.version;
    pool = Get("r:1");
    EXPECT_EQ(pool.version.value(), before.value() + 1);
  }
}

TEST_P(PoolStoreContract, OfCreationsAtOnceWithOneIdOneMakesThePool) {
  for (int round = 0; round < 10; ++round) {
    std::vector<PoolNumber> numbers(4);
    InParallel(4, [&](int i) {
      // By id, and under one request id with made-up ids.
      const Creation creation =
          round % 2 == 0 ? Wanted(absl::StrCat("r:", round))
                         : Wanted(absl::StrCat("r:", round, "-", i), absl::StrCat("q", round));
      const auto made = (i % 2 == 0 ? store() : replica()).Create(creation, Deadline());
      EXPECT_TRUE(made.ok()) << made.status();
      if (made.ok()) numbers[static_cast<std::size_t>(i)] = made->number;
    });
    EXPECT_THAT(std::set<PoolNumber>(numbers.begin(), numbers.end()), SizeIs(1));
  }
  EXPECT_THAT(List("", 100), SizeIs(10));
}

// Two replicas write while a reader follows page by page: it must come to know the last state of
// every pool without ever going back.
TEST_P(PoolStoreContract, AReaderThatFollowsMissesNoChangeOfConcurrentWriters) {
  constexpr int kWriters = 4;
  constexpr int kWrites = 50;
  std::atomic<int> running = kWriters;
  std::map<std::string, std::optional<Pool>> seen;
  std::thread reader([&] {
    Revision cursor;
    for (bool last = false; !last;) {
      last = running == 0;
      const ChangePage page = replica().ChangesSince(cursor, 3, Deadline()).value();
      for (const PoolChange& change : page.changes) {
        EXPECT_GT(change.revision, cursor);
        cursor = change.revision;
        seen[change.pool_id] = change.pool;
      }
      last = last && page.changes.empty();
    }
  });
  InParallel(kWriters, [&](int writer) {
    PoolStore& mine = writer % 2 == 0 ? store() : replica();
    for (int i = 0; i < kWrites; ++i) {
      const std::string id = absl::StrCat("r:", writer, "-", i / 5);
      if (i % 5 == 0) {
        EXPECT_TRUE(mine.Create(Wanted(id), Deadline()).ok());
      } else if (i % 15 == 14) {
        EXPECT_TRUE(mine.Delete(id, std::nullopt, kTime, Deadline()).ok());
      } else {
        const Edit rename = [i](const Pool& pool) -> absl::StatusOr<std::optional<Pool>> {
          Pool changed = pool;
          changed.settings.display_name = absl::StrCat(i);
          return changed;
        };
        EXPECT_TRUE(Update(mine, id, std::nullopt, rename, Deadline()).ok());
      }
    }
    --running;
  });
  reader.join();

  for (const auto& [id, pool] : seen) {
    const absl::StatusOr<Pool> stored = store().Get(id, Deadline());
    EXPECT_EQ(stored.ok(), pool.has_value()) << id;
    if (stored.ok() && pool) {
      EXPECT_EQ(*stored, *pool);
    }
  }
  EXPECT_THAT(seen, SizeIs(kWriters * kWrites / 5));
}

// Each race lost is another writer's success, and these are fewer than the attempts.
TEST_P(PoolStoreContract, UpdatesAtOnceAreAllApplied) {
  Create("r:1");
  constexpr int kWriters = 4;
  constexpr int kWrites = 5;
  InParallel(kWriters, [&](int writer) {
    for (int i = 0; i < kWrites; ++i) {
      const Edit add = [](const Pool& pool) -> absl::StatusOr<std::optional<Pool>> {
        Pool changed = pool;
        changed.settings.display_name += "x";
        return changed;
      };
      const absl::StatusOr<Pool> updated =
          Update(writer % 2 == 0 ? store() : replica(), "r:1", std::nullopt, add, Deadline());
      EXPECT_TRUE(updated.ok()) << updated.status();
    }
  });
  EXPECT_EQ(Get("r:1").settings.display_name, std::string(std::size_t{kWriters} * kWrites, 'x'));
  EXPECT_EQ(Get("r:1").version, Version(1 + kWriters * kWrites));
}

}  // namespace
}  // namespace tidemark::stream_config
