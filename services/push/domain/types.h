#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/base/ids.h"
#include "common/base/owner.h"

// What the push service keeps and tells. The wire has the same in proto/tidemark/push/v1.
namespace tidemark::push {

// Numbered as on the wire and in the database.
enum class Platform : std::int16_t { kApns = 1, kApnsSandbox = 2, kGcm = 3, kAdm = 4 };

// As it stands in ARNs: "APNS", "APNS_SANDBOX", "GCM", "ADM".
std::string_view PlatformName(Platform platform);

// Numbered likewise; a later one is worse.
enum class EndpointState : std::int16_t { kEnabled = 1, kDisabled = 2, kGone = 3 };

// Rises with every registration of any device: a report that quotes an older one is out of date.
using Registration = Strong<std::int64_t, struct RegistrationTag>;

struct IdentityKey {
  std::string pool_id;
  std::string identity_id;
  Owner owner;

  static IdentityKey Of(std::string_view pool_id, std::string_view identity_id);

  friend bool operator==(const IdentityKey&, const IdentityKey&) = default;
};

struct DeviceKey {
  IdentityKey identity;
  std::string device_id;  // may be any text: what is no UUID in lower case names no device

  friend bool operator==(const DeviceKey&, const DeviceKey&) = default;
};

// What a device is subscribed to: all datasets but those named, or only those named.
struct Subscriptions {
  bool to_all = false;
  std::vector<std::string> exceptions;  // in order (bytes)

  friend bool operator==(const Subscriptions&, const Subscriptions&) = default;
};

struct Device {
  std::string device_id;
  Platform platform = Platform::kApns;
  std::string endpoint_arn;
  EndpointState state = EndpointState::kEnabled;
  Subscriptions subscriptions;
  absl::Time registration_time;  // the first
  absl::Time last_registration_time;

  friend bool operator==(const Device&, const Device&) = default;
};

// A device that makes itself known, with the endpoint that SNS gave it.
struct NewDevice {
  DeviceKey key;
  Platform platform = Platform::kApns;
  std::string token_digest;  // DigestOf(token)
  std::string application_arn;
  std::string endpoint_arn;
  absl::Time time;
};

// Of whose change devices are to be told.
struct ChangedDataset {
  IdentityKey identity;
  std::string dataset_name;
  std::string writer_device_id;  // is left out; empty for none
};

// A device to tell.
struct Target {
  std::string device_id;
  Platform platform = Platform::kApns;
  std::string application_arn;
  std::string endpoint_arn;
  Registration registration;

  friend bool operator==(const Target&, const Target&) = default;
};

// What SNS says of a device's endpoint, as of one of its registrations.
struct EndpointReport {
  DeviceKey device;
  Registration registration;
  EndpointState state = EndpointState::kDisabled;
};

}  // namespace tidemark::push
