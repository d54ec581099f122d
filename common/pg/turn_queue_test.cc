#include "common/pg/turn_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemark::pg {
namespace {

using ::testing::ElementsAre;

// An item's first letter is its pool.
void Push(TurnQueue<std::string>& queue, const std::vector<std::string>& items) {
  for (const std::string& item : items) queue.Push(item.substr(0, 1), item);
}

std::vector<std::string> PopAll(TurnQueue<std::string>& queue) {
  std::vector<std::string> items;
  while (!queue.empty()) items.push_back(queue.Pop());
  return items;
}

TEST(TurnQueueTest, PoolsTakeTurnsAndKeepTheirOrder) {
  TurnQueue<std::string> queue;
  Push(queue, {"A1", "A2", "A3", "B1", "B2", "C1"});
  EXPECT_THAT(PopAll(queue), ElementsAre("A1", "B1", "C1", "A2", "B2", "A3"));
}

TEST(TurnQueueTest, WhatIsPushedFirstComesFirst) {
  TurnQueue<std::string> queue;
  Push(queue, {"A1", "B1"});
  queue.PushFirst("x2");
  queue.PushFirst("x1");
  EXPECT_THAT(PopAll(queue), ElementsAre("x1", "x2", "A1", "B1"));
}

TEST(TurnQueueTest, RemovesWhatIsAskedForAndKeepsTheRest) {
  TurnQueue<std::string> queue;
  Push(queue, {"A1", "B1", "A2", "C1", "C2"});
  queue.PushFirst("x1");
  std::vector<std::string> removed;
  queue.RemoveIf([](const std::string& item) { return item[1] == '1'; },
                 [&removed](const std::string& item) { removed.push_back(item); });
  EXPECT_THAT(removed, ElementsAre("x1", "A1", "B1", "C1"));
  EXPECT_THAT(PopAll(queue), ElementsAre("A2", "C2"));
}

}  // namespace
}  // namespace tidemark::pg
