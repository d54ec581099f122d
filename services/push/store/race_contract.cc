// What every store of devices must do when much comes at once.
#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"
#include "services/push/domain/room.h"
#include "services/push/store/store_contract.h"

namespace tidemark::push {
namespace {

using errors::ReasonOf;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void InParallel(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

TEST_P(StoreContract, OfIdentitiesThatRegisterOneTokenAtOnceOneHasIt) {
  for (int round = 0; round < 20; ++round) {
    InParallel(4, [&](int i) {
      WriteStore& store = i % 2 == 0 ? writes() : replica();
      const auto registered =
          store.Register(Wanted("t", Who(absl::StrCat("r:", i / 2 + 2 * (round % 2)))), Deadline());
      EXPECT_TRUE(registered.ok()) << registered.status();
    });
    std::size_t holders = 0;
    for (int i = 0; i < 4; ++i) holders += List(Who(absl::StrCat("r:", i))).size();
    ASSERT_EQ(holders, 1U);
  }
}

TEST_P(StoreContract, TheLimitHoldsForDevicesThatComeAtOnce) {
  for (std::size_t i = 0; i < kMaxDevices - 2; ++i) Register(absl::StrCat("t", i));
  std::atomic<int> full = 0;
  InParallel(6, [&](int i) {
    const auto registered =
        (i % 2 == 0 ? writes() : replica()).Register(Wanted(absl::StrCat("n", i)), Deadline());
    if (ReasonOf(registered.status()) == errors::v1::ERROR_REASON_LIMIT_EXCEEDED) ++full;
  });
  EXPECT_EQ(full, 4);
  EXPECT_THAT(List(), SizeIs(kMaxDevices));
}

// Everything at once on a few devices whose tokens go to and fro: all of it ends, without errors
// but those that the calls have, and leaves one holder for each token.
TEST_P(StoreContract, NothingDeadlocks) {
  constexpr int kTokens = 3;
  const auto who = [](int i) { return Who(absl::StrCat("r:", i % 3)); };
  const auto expect = [](const absl::Status& status) {
    EXPECT_TRUE(status.ok() || ReasonOf(status) == errors::v1::ERROR_REASON_DEVICE_NOT_FOUND)
        << status;
  };
  InParallel(6, [&](int thread) {
    WriteStore& store = thread % 2 == 0 ? writes() : replica();
    for (int i = 0; i < 60; ++i) {
      const std::string token = absl::StrCat("t", (thread + i) % kTokens);
      const NewDevice device = Wanted(token, who(thread * 7 + i));
      switch ((thread + i) % 6) {
        case 0:
          expect(store.SetSubscription(device.key, "notes", i % 2 == 0, Deadline()).status());
          break;
        case 1:
          expect(store.SubscribeToAll(device.key, Deadline()));
          break;
        case 2: {
          std::vector<EndpointReport> reports;
          for (int t = 0; t < kTokens; ++t) {
            reports.push_back({Wanted(absl::StrCat("t", t), who(i + t)).key, Registration(i),
                               EndpointState::kDisabled});
          }
          expect(store.Report(reports, Deadline()).status());
          break;
        }
        case 3:
          i % 20 == 0 ? expect(store.Erase("r:1", 10, Deadline()).status())
                      : expect(store.Deregister(device.key, Deadline()).status());
          break;
        default:
          expect(store.Register(device, Deadline()).status());
      }
    }
  });
  for (int t = 0; t < kTokens; ++t) Register(absl::StrCat("t", t));
  EXPECT_THAT(List(), SizeIs(kTokens));
  EXPECT_THAT(List(Who("r:1")), IsEmpty());
  EXPECT_THAT(List(Who("r:2")), IsEmpty());
}

}  // namespace
}  // namespace tidemark::push
