#include "services/push/rpc/convert.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/abseil.h"

namespace tidemark::push {
namespace {

using errors::Violations;

constexpr int kMaxItems = 1024;

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  proto.set_seconds(seconds);
  proto.set_nanos(
      static_cast<std::int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return proto;
}

// Whether a list has 1 to 1024 items.
bool CheckItems(std::string_view field, int items, Violations& violations) {
  if (items >= 1 && items <= kMaxItems) return true;
  violations.Add(field, absl::StrCat("has ", items, " items; 1 to ", kMaxItems));
  return false;
}

// Adds what is wrong with an item, under its path in the request.
void AddAll(std::string_view list, int index, const Violations& item, Violations& violations) {
  for (const auto& violation : errors::ViolationsOf(item.ToStatus())) {
    violations.Add(absl::StrCat(ToAbsl(list), "[", index, "].", violation.field),
                   violation.description);
  }
}

void CheckState(const v1::EndpointReport& report, Violations& violations) {
  if (report.state() == v1::ENDPOINT_STATE_DISABLED || report.state() == v1::ENDPOINT_STATE_GONE) {
    return;
  }
  violations.Add("state", absl::StrCat(static_cast<int>(report.state()),
                                       " is neither ENDPOINT_STATE_DISABLED nor _GONE"));
}

}  // namespace

Platform ParsePlatform(std::string_view field, v1::Platform platform, Violations& violations) {
  switch (platform) {
    case v1::PLATFORM_APNS:
    case v1::PLATFORM_APNS_SANDBOX:
    case v1::PLATFORM_GCM:
    case v1::PLATFORM_ADM:
      return static_cast<Platform>(platform);
    default:
      violations.Add(field, absl::StrCat(static_cast<int>(platform),
                                         " is none of PLATFORM_APNS, PLATFORM_APNS_SANDBOX, "
                                         "PLATFORM_GCM, PLATFORM_ADM"));
      return Platform::kGcm;
  }
}

absl::StatusOr<std::vector<ChangedDataset>> ParseChanges(const v1::ResolveTargetsRequest& request) {
  Violations violations;
  std::vector<ChangedDataset> changes;
  if (!CheckItems("datasets", request.datasets_size(), violations)) return violations.ToStatus();
  changes.reserve(static_cast<std::size_t>(request.datasets_size()));
  for (int i = 0; i < request.datasets_size(); ++i) {
    const v1::ChangedDataset& dataset = request.datasets(i);
    Violations item;
    IdentityKey identity = ParseIdentity(dataset, item);
    errors::CheckDatasetName("dataset_name", dataset.dataset_name(), item);
    if (!item.empty()) AddAll("datasets", i, item, violations);
    changes.push_back({std::move(identity), dataset.dataset_name(), dataset.writer_device_id()});
  }
  if (!violations.empty()) return violations.ToStatus();
  return changes;
}

absl::StatusOr<std::vector<EndpointReport>> ParseReports(
    const v1::ReportEndpointsRequest& request) {
  Violations violations;
  std::vector<EndpointReport> reports;
  if (!CheckItems("reports", request.reports_size(), violations)) return violations.ToStatus();
  for (int i = 0; i < request.reports_size(); ++i) {
    const v1::EndpointReport& report = request.reports(i);
    Violations item;
    DeviceKey device = ParseDevice(report, item);
    CheckState(report, item);
    if (!item.empty()) AddAll("reports", i, item, violations);
    reports.push_back({std::move(device), Registration(report.registration()),
                       static_cast<EndpointState>(report.state())});
  }
  if (!violations.empty()) return violations.ToStatus();
  return reports;
}

void ToProto(Device&& device, v1::Device& proto) {
  proto.set_device_id(std::move(device.device_id));
  proto.set_platform(static_cast<v1::Platform>(device.platform));
  proto.set_endpoint_arn(std::move(device.endpoint_arn));
  proto.set_state(static_cast<v1::EndpointState>(device.state));
  proto.set_subscribed_to_all(device.subscriptions.to_all);
  auto& names = device.subscriptions.to_all ? *proto.mutable_unsubscribed_dataset_names()
                                            : *proto.mutable_subscribed_dataset_names();
  for (std::string& name : device.subscriptions.exceptions) names.Add(std::move(name));
  *proto.mutable_registration_time() = ToProto(device.registration_time);
  *proto.mutable_last_registration_time() = ToProto(device.last_registration_time);
}

void ToProto(Target&& target, v1::Target& proto) {
  proto.set_device_id(std::move(target.device_id));
  proto.set_platform(static_cast<v1::Platform>(target.platform));
  proto.set_endpoint_arn(std::move(target.endpoint_arn));
  proto.set_registration(target.registration.value());
}

}  // namespace tidemark::push
