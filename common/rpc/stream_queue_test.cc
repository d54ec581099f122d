#include "common/rpc/stream_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace tidemark::rpc {
namespace {

TEST(StreamQueueTest, HandsOutMessagesInOrderAndThenTheEnd) {
  StreamQueue<int> queue(4);
  EXPECT_TRUE(queue.Push(1).start);
  EXPECT_FALSE(queue.Push(2).start) << "the sender runs already";
  EXPECT_FALSE(queue.Finish(absl::AbortedError("end")));
  EXPECT_EQ(queue.TakeNext().message, 1);
  const auto second = queue.TakeNext();
  EXPECT_EQ(second.message, 2);
  EXPECT_FALSE(second.finish);
  const auto last = queue.TakeNext();
  EXPECT_FALSE(last.message);
  EXPECT_EQ(*last.finish, absl::AbortedError("end"));
  EXPECT_FALSE(queue.TakeNext().finish) << "the end comes once";
}

TEST(StreamQueueTest, AnIdleSenderIsStartedAgain) {
  StreamQueue<int> queue(4);
  EXPECT_TRUE(queue.Push(1).start);
  EXPECT_TRUE(queue.TakeNext().message);
  EXPECT_FALSE(queue.TakeNext().message);
  EXPECT_TRUE(queue.Push(2).start);
  EXPECT_TRUE(queue.TakeNext().message);
  EXPECT_FALSE(queue.TakeNext().message);
  EXPECT_TRUE(queue.Finish(absl::OkStatus()));
}

TEST(StreamQueueTest, RefusesWhenFullUntilOneIsTaken) {
  StreamQueue<int> queue(2);
  queue.Push(1);
  queue.Push(2);
  EXPECT_EQ(queue.Push(3).offer, Offer::kFull);
  EXPECT_EQ(queue.PushBefore(3, absl::Now() + absl::Milliseconds(5)).offer, Offer::kFull);
  queue.TakeNext();
  EXPECT_EQ(queue.Push(3).offer, Offer::kTaken);
}

TEST(StreamQueueTest, AWaitingProducerGoesOnWhenThereIsRoom) {
  StreamQueue<int> queue(1);
  queue.Push(1);
  auto offer = std::async([&] { return queue.PushBefore(2, absl::InfiniteFuture()).offer; });
  EXPECT_EQ(queue.TakeNext().message, 1);
  EXPECT_EQ(offer.get(), Offer::kTaken);
  EXPECT_EQ(queue.TakeNext().message, 2);
}

TEST(StreamQueueTest, AWaitingProducerIsReleasedWhenTheClientGoes) {
  StreamQueue<int> queue(1);
  queue.Push(1);
  auto offer = std::async([&] { return queue.PushBefore(2, absl::InfiniteFuture()).offer; });
  queue.Abandon();
  EXPECT_EQ(offer.get(), Offer::kOver);
  EXPECT_TRUE(queue.over());
  EXPECT_FALSE(queue.TakeNext().message) << "what was queued is dropped";
}

TEST(StreamQueueTest, NothingIsTakenAfterTheEnd) {
  StreamQueue<int> queue(1);
  queue.Finish(absl::OkStatus());
  EXPECT_EQ(queue.Push(1).offer, Offer::kOver);
  EXPECT_FALSE(queue.Finish(absl::AbortedError("late")));
  EXPECT_EQ(*queue.TakeNext().finish, absl::OkStatus());
}

// As in gRPC, whoever is told to start the sender becomes it. Every message passes once, one at a
// time, and the end comes last.
TEST(StreamQueueTest, ManyProducersNeverStartTwoSenders) {
  StreamQueue<int> queue(3);
  std::atomic<bool> busy = false;
  std::atomic<int> sent = 0;
  std::atomic<bool> finished = false;
  const auto send = [&] {
    while (true) {
      const auto next = queue.TakeNext();
      if (next.finish) finished = true;
      if (!next.message) return;
      EXPECT_FALSE(busy.exchange(true));
      EXPECT_FALSE(finished);
      ++sent;
      busy = false;
    }
  };
  std::vector<std::thread> producers;
  for (int i = 0; i < 4; ++i) {
    producers.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        if (queue.PushBefore(j, absl::InfiniteFuture()).start) send();
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  if (queue.Finish(absl::OkStatus())) send();
  EXPECT_EQ(sent, 2000);
  EXPECT_TRUE(finished);
}

}  // namespace
}  // namespace tidemark::rpc
