#include "services/push/domain/room.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace tidemark::push {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

std::vector<Device> Enabled(std::size_t count) {
  std::vector<Device> devices;
  for (std::size_t i = 0; i < count; ++i) devices.push_back({.device_id = absl::StrCat("d", i)});
  return devices;
}

Device Dead(const std::string& id, EndpointState state, int second) {
  return {.device_id = id, .state = state, .last_registration_time = absl::FromUnixSeconds(second)};
}

TEST(MakeRoomTest, BelowTheLimitNobodyGoes) {
  EXPECT_THAT(MakeRoom(Enabled(0)), Optional(IsEmpty()));
  std::vector<Device> devices = Enabled(kMaxDevices - 2);
  devices.push_back(Dead("gone", EndpointState::kGone, 1));
  EXPECT_THAT(MakeRoom(devices), Optional(IsEmpty()));
}

TEST(MakeRoomTest, AtTheLimitTheLongestUnregisteredGoes) {
  std::vector<Device> devices = Enabled(kMaxDevices - 2);
  devices.push_back(Dead("late", EndpointState::kGone, 9));
  devices.push_back(Dead("early", EndpointState::kDisabled, 5));
  EXPECT_THAT(MakeRoom(devices), Optional(ElementsAre("early")));
}

TEST(MakeRoomTest, DevicesInUseStay) { EXPECT_EQ(MakeRoom(Enabled(kMaxDevices)), std::nullopt); }

}  // namespace
}  // namespace tidemark::push
