#include "services/push/store/store_contract.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <future>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"
#include "services/push/domain/device_id.h"
#include "services/push/domain/room.h"

namespace tidemark::push {
namespace {

using errors::ReasonOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const absl::Time kTime = absl::FromUnixMillis(1'700'000'000'123);

// Waits for what `ask` is called back with.
template <typename T>
absl::StatusOr<T> Await(const std::function<void(ReadStore::Callback<T>)>& ask) {
  const auto answer = std::make_shared<std::promise<absl::StatusOr<T>>>();
  auto future = answer->get_future();
  ask([answer](absl::StatusOr<T> result) { answer->set_value(std::move(result)); });
  return future.get();
}

// What is there if all went well.
template <typename T>
T Expect(absl::StatusOr<T> result) {
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : T{};
}

std::vector<std::string> IdsOf(const std::vector<Device>& devices) {
  std::vector<std::string> ids;
  for (const Device& device : devices) ids.push_back(device.device_id);
  return ids;
}

}  // namespace

IdentityKey StoreContract::Who(const std::string& name, const std::string& pool) {
  return IdentityKey::Of(pool, name);
}

NewDevice StoreContract::Wanted(const std::string& token, const IdentityKey& who,
                                Platform platform) {
  return {.key = {who, DeviceIdOf(who, platform, token)},
          .platform = platform,
          .token_digest = DigestOf(token),
          .application_arn = absl::StrCat("arn:app/", std::string(PlatformName(platform)), "/x"),
          .endpoint_arn = "arn:endpoint/" + token,
          .time = kTime};
}

DeviceKey StoreContract::Register(const std::string& token, const IdentityKey& who,
                                  Platform platform) {
  const NewDevice device = Wanted(token, who, platform);
  const auto registered = writes().Register(device, Deadline());
  EXPECT_TRUE(registered.ok()) << registered.status();
  return device.key;
}

std::vector<Device> StoreContract::List(const IdentityKey& who) {
  return Expect(Await<std::vector<Device>>(
      [&](auto done) { reads().List(who, Deadline(), std::move(done)); }));
}

Device StoreContract::Only(const IdentityKey& who) {
  std::vector<Device> devices = List(who);
  EXPECT_THAT(devices, SizeIs(1));
  return devices.empty() ? Device() : devices.front();
}

Known StoreContract::Look(const DeviceKey& device) {
  return Expect(
      Await<Known>([&](auto done) { reads().Look(device, Deadline(), std::move(done)); }));
}

std::vector<std::vector<Target>> StoreContract::Resolve(
    const std::vector<ChangedDataset>& datasets) {
  return Expect(Await<std::vector<std::vector<Target>>>(
      [&](auto done) { reads().Resolve(datasets, Deadline(), std::move(done)); }));
}

std::vector<std::string> StoreContract::Told(const std::string& dataset, const std::string& writer,
                                             const IdentityKey& who) {
  const auto targets = Resolve({{who, dataset, writer}});
  EXPECT_THAT(targets, SizeIs(1));
  std::vector<std::string> ids;
  for (const Target& target : targets.at(0)) ids.push_back(target.device_id);
  std::ranges::sort(ids);
  return ids;
}

bool StoreContract::Subscribe(const DeviceKey& device, const std::string& dataset) {
  return Expect(writes().SetSubscription(device, dataset, true, Deadline()));
}

bool StoreContract::Unsubscribe(const DeviceKey& device, const std::string& dataset) {
  return Expect(writes().SetSubscription(device, dataset, false, Deadline()));
}

void StoreContract::SubscribeToAll(const DeviceKey& device) {
  const absl::Status status = writes().SubscribeToAll(device, Deadline());
  EXPECT_TRUE(status.ok()) << status;
}

Registration StoreContract::RegistrationOf(const DeviceKey& device) {
  Subscribe(device, "probe");
  const auto targets = Resolve({{device.identity, "probe", ""}});
  for (const Target& target : targets.at(0)) {
    if (target.device_id == device.device_id) return target.registration;
  }
  ADD_FAILURE() << device.device_id << " is not told";
  return {};
}

std::int64_t StoreContract::Report(const DeviceKey& device, EndpointState state) {
  return Expect(writes().Report({{device, RegistrationOf(device), state}}, Deadline()));
}

namespace {

TEST_P(StoreContract, KeepsADeviceAsItRegistered) {
  const NewDevice wanted = Wanted("t", Who(), Platform::kAdm);
  EXPECT_EQ(Look(wanted.key).endpoint, std::nullopt);
  EXPECT_THAT(List(), IsEmpty());
  EXPECT_EQ(writes().Register(wanted, Deadline()).value(), Registered::kNew);
  EXPECT_EQ(Only(), (Device{.device_id = wanted.key.device_id,
                            .platform = Platform::kAdm,
                            .endpoint_arn = wanted.endpoint_arn,
                            .state = EndpointState::kEnabled,
                            .subscriptions = {},
                            .registration_time = kTime,
                            .last_registration_time = kTime}));
  const Known known = Look(wanted.key);
  ASSERT_TRUE(known.endpoint.has_value());
  EXPECT_EQ(known.endpoint->application_arn, wanted.application_arn);
  EXPECT_EQ(known.endpoint->endpoint_arn, wanted.endpoint_arn);
  EXPECT_EQ(known.enabled, 1U);
}

TEST_P(StoreContract, RegisteringAgainKeepsSubscriptionsAndTakesTheNewEndpoint) {
  const DeviceKey device = Register("t");
  Subscribe(device, "notes");
  const Registration first = RegistrationOf(device);
  Report(device, EndpointState::kGone);
  NewDevice again = Wanted("t");
  again.application_arn = "arn:other-app";
  again.endpoint_arn = "arn:other-endpoint";
  again.time = kTime + absl::Hours(1);
  EXPECT_EQ(writes().Register(again, Deadline()).value(), Registered::kAgain);
  const Device found = Only();
  EXPECT_EQ(found.endpoint_arn, "arn:other-endpoint");
  EXPECT_EQ(found.state, EndpointState::kEnabled);
  EXPECT_EQ(found.registration_time, kTime);
  EXPECT_EQ(found.last_registration_time, kTime + absl::Hours(1));
  EXPECT_THAT(found.subscriptions.exceptions, ElementsAre("notes", "probe"));
  EXPECT_EQ(Look(device).endpoint->application_arn, "arn:other-app");
  EXPECT_GT(RegistrationOf(device), first);
}

TEST_P(StoreContract, ATokenMovesToWhoRegistersItLast) {
  const DeviceKey former = Register("t");
  SubscribeToAll(former);
  EXPECT_EQ(writes().Register(Wanted("t", Who("r:b")), Deadline()).value(), Registered::kMoved);
  EXPECT_THAT(List(), IsEmpty());
  EXPECT_THAT(List(Who("r:b")), SizeIs(1));
  // And back, as if it were new: what it was subscribed to went with it.
  EXPECT_EQ(writes().Register(Wanted("t"), Deadline()).value(), Registered::kMoved);
  EXPECT_EQ(Only().device_id, former.device_id);
  EXPECT_EQ(Only().subscriptions, Subscriptions());
  EXPECT_THAT(List(Who("r:b")), IsEmpty());
}

TEST_P(StoreContract, ATokenIsOneInItsPoolAndPlatformOnly) {
  Register("t");
  Register("t", Who(), Platform::kAdm);
  Register("t", Who("r:a", "r:2"));
  EXPECT_THAT(List(), SizeIs(2));
  EXPECT_THAT(List(Who("r:a", "r:2")), SizeIs(1));
}

TEST_P(StoreContract, ListsInOrderOfId) {
  for (int i = 0; i < 10; ++i) Register(absl::StrCat("t", i));
  const std::vector<std::string> ids = IdsOf(List());
  EXPECT_THAT(ids, SizeIs(10));
  EXPECT_TRUE(std::ranges::is_sorted(ids));
}

TEST_P(StoreContract, ADeviceBelongsToItsIdentityAlone) {
  const DeviceKey device = Register("t");
  for (const IdentityKey& other : {Who("r:b"), Who("r:a", "r:2")}) {
    const DeviceKey foreign{other, device.device_id};
    EXPECT_EQ(Look(foreign).endpoint, std::nullopt);
    EXPECT_EQ(Look(foreign).enabled, 0U);
    for (const absl::Status& status :
         {writes().SetSubscription(foreign, "notes", true, Deadline()).status(),
          writes().SetSubscription(foreign, "notes", false, Deadline()).status(),
          writes().SubscribeToAll(foreign, Deadline()),
          writes().Deregister(foreign, Deadline()).status()}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
      EXPECT_EQ(ReasonOf(status), errors::v1::ERROR_REASON_DEVICE_NOT_FOUND);
      EXPECT_EQ(errors::MetadataOf(status, "deviceId"), device.device_id);
    }
    EXPECT_EQ(Expect(writes().Report({{foreign, RegistrationOf(device), EndpointState::kGone}},
                                     Deadline())),
              0);
  }
  EXPECT_EQ(Only().state, EndpointState::kEnabled);
}

TEST_P(StoreContract, IdsThatAreNoneNameNoDevice) {
  const DeviceKey device = Register("t");
  std::string upper = device.device_id;
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'f' ? c - 32 : c);
  for (const std::string& id : {std::string("x"), std::string(256, 'x'), upper,
                                std::string("00000000-0000-0000-0000-000000000000")}) {
    if (id == device.device_id) continue;  // its digits happen to have no letter
    const DeviceKey key{Who(), id};
    EXPECT_EQ(Look(key).endpoint, std::nullopt);
    EXPECT_EQ(ReasonOf(writes().SubscribeToAll(key, Deadline())),
              errors::v1::ERROR_REASON_DEVICE_NOT_FOUND);
  }
}

TEST_P(StoreContract, SubscriptionsAreOneByOne) {
  const DeviceKey one = Register("one");
  const DeviceKey two = Register("two");
  EXPECT_THAT(Told("notes"), IsEmpty());
  EXPECT_TRUE(Subscribe(one, "notes"));
  EXPECT_FALSE(Subscribe(one, "notes"));
  EXPECT_TRUE(Subscribe(two, "other"));
  EXPECT_THAT(Told("notes"), ElementsAre(one.device_id));
  EXPECT_TRUE(Unsubscribe(one, "notes"));
  EXPECT_FALSE(Unsubscribe(one, "notes"));
  EXPECT_THAT(Told("notes"), IsEmpty());
  EXPECT_THAT(Told("other"), ElementsAre(two.device_id));
}

TEST_P(StoreContract, SubscribedToAllMeansAllButExceptions) {
  const DeviceKey device = Register("t");
  Subscribe(device, "notes");
  SubscribeToAll(device);
  EXPECT_EQ(Only().subscriptions, (Subscriptions{.to_all = true}));
  EXPECT_FALSE(Subscribe(device, "notes"));
  EXPECT_THAT(Told("anything"), ElementsAre(device.device_id));
  EXPECT_TRUE(Unsubscribe(device, "notes"));
  EXPECT_FALSE(Unsubscribe(device, "notes"));
  EXPECT_THAT(Told("notes"), IsEmpty());
  EXPECT_THAT(Told("anything"), ElementsAre(device.device_id));
  EXPECT_EQ(Only().subscriptions, (Subscriptions{true, {"notes"}}));
  EXPECT_TRUE(Subscribe(device, "notes"));
  EXPECT_THAT(Told("notes"), ElementsAre(device.device_id));
  Unsubscribe(device, "notes");
  SubscribeToAll(device);
  EXPECT_THAT(Told("notes"), ElementsAre(device.device_id));
}

TEST_P(StoreContract, ExceptionsHaveABound) {
  const DeviceKey device = Register("t");
  SubscribeToAll(device);
  for (std::size_t i = 0; i < kMaxExceptions; ++i) Unsubscribe(device, absl::StrCat("d", i));
  const absl::Status status =
      writes().SetSubscription(device, "one-more", false, Deadline()).status();
  EXPECT_EQ(ReasonOf(status), errors::v1::ERROR_REASON_LIMIT_EXCEEDED);
  EXPECT_EQ(errors::MetadataOf(status, "limit"), "dataset_names");
  EXPECT_THAT(Told("one-more"), SizeIs(1));
  EXPECT_TRUE(Subscribe(device, "d0"));
  EXPECT_TRUE(Unsubscribe(device, "one-more"));
}

TEST_P(StoreContract, TheWriterIsLeftOut) {
  const DeviceKey one = Register("one");
  const DeviceKey two = Register("two");
  SubscribeToAll(one);
  SubscribeToAll(two);
  EXPECT_THAT(Told("notes", one.device_id), ElementsAre(two.device_id));
  EXPECT_THAT(Told("notes", "no device"), UnorderedElementsAre(one.device_id, two.device_id));
}

TEST_P(StoreContract, ResolvesEachDatasetInItsPlace) {
  const DeviceKey a = Register("a");
  const DeviceKey b = Register("b", Who("r:b"), Platform::kApns);
  SubscribeToAll(a);
  Subscribe(b, "notes");
  const auto targets = Resolve({{Who("r:b"), "notes", ""},
                                {Who("r:c"), "notes", ""},
                                {Who(), "notes", a.device_id},
                                {Who(), "notes", ""},
                                {Who("r:b"), "notes", ""},
                                {Who("r:b", "r:2"), "notes", ""}});
  ASSERT_THAT(targets, SizeIs(6));
  const Target told{b.device_id, Platform::kApns, "arn:app/APNS/x", "arn:endpoint/b",
                    targets[0].at(0).registration};
  EXPECT_THAT(targets[0], ElementsAre(told));
  EXPECT_THAT(targets[1], IsEmpty());
  EXPECT_THAT(targets[2], IsEmpty());
  EXPECT_THAT(targets[3], SizeIs(1));
  EXPECT_THAT(targets[4], ElementsAre(told));
  EXPECT_THAT(targets[5], IsEmpty());
}

TEST_P(StoreContract, EndpointsThatAreNotEnabledAreNotTold) {
  for (const EndpointState state : {EndpointState::kDisabled, EndpointState::kGone}) {
    const DeviceKey device = Register("t");
    SubscribeToAll(device);
    ASSERT_THAT(Told("notes"), SizeIs(1));
    EXPECT_EQ(Report(device, state), 1);
    EXPECT_EQ(Only().state, state);
    EXPECT_THAT(Told("notes"), IsEmpty());
    EXPECT_EQ(Look(device).enabled, 0U);
    Register("t");
    EXPECT_THAT(Told("notes"), ElementsAre(device.device_id));
  }
}

TEST_P(StoreContract, AReportOfAnEarlierRegistrationChangesNothing) {
  const DeviceKey device = Register("t");
  const Registration before = RegistrationOf(device);
  const auto report = [&](Registration registration) {
    return Expect(writes().Report({{device, registration, EndpointState::kDisabled}}, Deadline()));
  };
  Register("t");
  EXPECT_EQ(report(before), 0);
  // Nor if the device was forgotten meanwhile.
  ASSERT_TRUE(writes().Deregister(device, Deadline()).ok());
  EXPECT_EQ(report(before), 0);
  Register("t");
  EXPECT_EQ(report(before), 0);
  EXPECT_EQ(report(Registration(0)), 0);
  EXPECT_EQ(Only().state, EndpointState::kEnabled);
}

TEST_P(StoreContract, WorseReportsWinAndARepeatChangesNothing) {
  const DeviceKey device = Register("t");
  const Registration now = RegistrationOf(device);
  const auto report = [&](const std::vector<EndpointState>& states) {
    std::vector<EndpointReport> reports;
    for (const EndpointState state : states) reports.push_back({device, now, state});
    return Expect(writes().Report(reports, Deadline()));
  };
  using enum EndpointState;
  EXPECT_EQ(report({kDisabled, kDisabled}), 1);
  EXPECT_EQ(report({kDisabled}), 0);
  EXPECT_EQ(report({kDisabled, kGone, kDisabled}), 1);
  EXPECT_EQ(Only().state, kGone);
  EXPECT_EQ(report({kDisabled, kGone}), 0);
  EXPECT_EQ(Only().state, kGone);
}

TEST_P(StoreContract, ForgetsADeviceWithItsSubscriptions) {
  const DeviceKey device = Register("t");
  Subscribe(device, "notes");
  EXPECT_EQ(Expect(writes().Deregister(device, Deadline())), "arn:endpoint/t");
  EXPECT_THAT(List(), IsEmpty());
  EXPECT_EQ(ReasonOf(writes().Deregister(device, Deadline()).status()),
            errors::v1::ERROR_REASON_DEVICE_NOT_FOUND);
  Register("t");
  EXPECT_EQ(Only().subscriptions, Subscriptions());
}

TEST_P(StoreContract, AnIdentityHasAtMost100DevicesInUse) {
  std::vector<DeviceKey> devices;
  for (std::size_t i = 0; i < kMaxDevices; ++i) {
    NewDevice device = Wanted(absl::StrCat("t", i));
    device.time = kTime + absl::Seconds(i);
    ASSERT_TRUE(writes().Register(device, Deadline()).ok());
    devices.push_back(device.key);
  }
  EXPECT_EQ(Look(devices[0]).enabled, kMaxDevices);
  const absl::Status full = writes().Register(Wanted("more"), Deadline()).status();
  EXPECT_EQ(full.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(full), errors::v1::ERROR_REASON_LIMIT_EXCEEDED);
  EXPECT_EQ(errors::MetadataOf(full, "limit"), "devices");
  EXPECT_EQ(errors::MetadataOf(full, "bound"), "100");
  // One that is known may register still, and another identity too.
  Register("t5");
  Register("more", Who("r:b"));
  // A token that can't be taken over stays where it is.
  EXPECT_FALSE(writes().Register(Wanted("more"), Deadline()).ok());
  EXPECT_THAT(List(Who("r:b")), SizeIs(1));

  Report(devices[40], EndpointState::kGone);
  Report(devices[30], EndpointState::kDisabled);
  Register("more");
  const std::vector<std::string> ids = IdsOf(List());
  EXPECT_THAT(ids, SizeIs(kMaxDevices));
  EXPECT_EQ(std::ranges::count(ids, devices[30].device_id), 0);
  EXPECT_EQ(std::ranges::count(ids, devices[40].device_id), 1);
}

TEST_P(StoreContract, ListsPoolsThatHaveDevicesInOrder) {
  for (const char* pool : {"r:2", "R:9", "r:1", "_:3"}) {
    Register("t", Who("r:a", pool));
    Register("u", Who("r:b", pool));
  }
  const auto pools = [this](const std::string& after, int limit) {
    return Expect(writes().ListPools(after, limit, Deadline()));
  };
  EXPECT_THAT(pools("", 10), ElementsAre("R:9", "_:3", "r:1", "r:2"));
  EXPECT_THAT(pools("", 2), ElementsAre("R:9", "_:3"));
  EXPECT_THAT(pools("_:3", 1), ElementsAre("r:1"));
  EXPECT_THAT(pools("r:2", 10), IsEmpty());
  Expect(writes().Erase("r:1", 10, Deadline()));
  EXPECT_THAT(pools("_:3", 10), ElementsAre("r:2"));
}

TEST_P(StoreContract, ErasesAPoolInChunks) {
  for (int i = 0; i < 5; ++i) {
    Subscribe(Register(absl::StrCat("t", i), Who(absl::StrCat("r:", i))), "notes");
  }
  Register("t", Who("r:a", "r:2"));
  const auto erase = [this] { return Expect(writes().Erase("r:1", 2, Deadline())); };
  EXPECT_EQ(erase(), 2);
  EXPECT_EQ(erase(), 2);
  EXPECT_EQ(erase(), 1);
  EXPECT_EQ(erase(), 0);
  EXPECT_THAT(List(Who("r:3")), IsEmpty());
  EXPECT_THAT(List(Who("r:a", "r:2")), SizeIs(1));
}

}  // namespace
}  // namespace tidemark::push
