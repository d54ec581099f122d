#include "services/stream_config/store/update.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "services/stream_config/store/memory_store.h"

namespace tidemark::stream_config {
namespace {

using Outcome = absl::StatusOr<std::optional<Pool>>;

class UpdateTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(store_.Create({.pool = {.id = "r:1"}}, Deadline()).ok()); }

  static absl::Time Deadline() { return absl::Now() + absl::Seconds(5); }

  static Outcome Rename(const Pool& pool, const std::string& name) {
    Pool changed = pool;
    changed.settings.display_name = name;
    return changed;
  }

  // Another writer, who comes between reading and writing.
  void Interfere() {
    Pool pool = store_.Get("r:1", Deadline()).value();
    pool.settings.display_name += "!";
    ASSERT_TRUE(store_.Replace(pool, Deadline()).ok());
  }

  MemoryStore store_;
};

TEST_F(UpdateTest, WritesWhatTheEditMakesOfThePool) {
  const auto updated = Update(
      store_, "r:1", Version(1), [](const Pool& pool) { return Rename(pool, "new"); }, Deadline());
  ASSERT_TRUE(updated.ok());
  EXPECT_EQ(updated->settings.display_name, "new");
  EXPECT_EQ(updated->version, Version(2));
}

TEST_F(UpdateTest, AnEditThatChangesNothingWritesNothing) {
  const auto updated = Update(
      store_, "r:1", std::nullopt, [](const Pool&) -> Outcome { return std::nullopt; }, Deadline());
  ASSERT_TRUE(updated.ok());
  EXPECT_EQ(updated->version, Version(1));
}

TEST_F(UpdateTest, AnotherExpectedVersionIsRefusedBeforeTheEditRuns) {
  const auto updated = Update(
      store_, "r:1", Version(2),
      [](const Pool&) -> Outcome {
        ADD_FAILURE() << "must not run";
        return std::nullopt;
      },
      Deadline());
  EXPECT_EQ(errors::ReasonOf(updated.status()), errors::v1::ERROR_REASON_VERSION_MISMATCH);
}

TEST_F(UpdateTest, ALostRaceIsRunAgainOnWhatTheOtherWrote) {
  int runs = 0;
  const auto updated = Update(
      store_, "r:1", std::nullopt,
      [&](const Pool& pool) -> Outcome {
        if (++runs == 1) Interfere();
        return Rename(pool, pool.settings.display_name + "new");
      },
      Deadline());
  ASSERT_TRUE(updated.ok());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(updated->settings.display_name, "!new");
}

TEST_F(UpdateTest, ALostRaceOnAnExpectedVersionIsRefused) {
  const auto updated = Update(
      store_, "r:1", Version(1),
      [&](const Pool& pool) -> Outcome {
        Interfere();
        return Rename(pool, "new");
      },
      Deadline());
  EXPECT_EQ(errors::ReasonOf(updated.status()), errors::v1::ERROR_REASON_VERSION_MISMATCH);
  EXPECT_EQ(store_.Get("r:1", Deadline())->settings.display_name, "!");
}

TEST_F(UpdateTest, GivesUpWhenOthersAlwaysComeFirst) {
  const auto updated = Update(
      store_, "r:1", std::nullopt,
      [&](const Pool& pool) -> Outcome {
        Interfere();
        return Rename(pool, "new");
      },
      Deadline());
  EXPECT_EQ(updated.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(errors::ReasonOf(updated.status()), errors::v1::ERROR_REASON_CONCURRENT_CHANGE);
}

TEST_F(UpdateTest, ErrorsOfTheEditAndUnknownPoolsArePassedOn) {
  const auto fail = [](const Pool&) -> Outcome { return absl::UnavailableError("no"); };
  EXPECT_EQ(Update(store_, "r:1", std::nullopt, fail, Deadline()).status(),
            absl::UnavailableError("no"));
  EXPECT_EQ(errors::ReasonOf(Update(store_, "r:2", std::nullopt, fail, Deadline()).status()),
            errors::v1::ERROR_REASON_POOL_NOT_FOUND);
}

}  // namespace
}  // namespace tidemark::stream_config
