#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/publisher/domain/push.h"

namespace tidemark::publisher {

// What a device is told: that a dataset has come to a count.
struct PushNotice {
  std::string_view pool_id;
  std::string_view identity_id;
  std::string_view dataset_name;
  std::int64_t sync_count = 0;
};

// The Message of SNS's Publish with MessageStructure `json`: an object with `default`, and with the
// platform's own payload as a string
// (https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html).
// It is silent, and has what the client SDKs read (contract section 6): iOS an object `data` beside
// `aps`, Android and Amazon's devices string extras, which come of `data`, which for FCM
// stands in `fcmV1Message` (https://docs.aws.amazon.com/sns/latest/dg/sns-fcm-v1-payloads.html).
//
// With ids and names within their bounds a payload stays below the 4 KB that APNS and FCM take.
std::string PushMessageOf(PushPlatform platform, const PushNotice& notice);

}  // namespace tidemark::publisher
