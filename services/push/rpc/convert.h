#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/errors/dataset_name.h"
#include "common/errors/violations.h"
#include "services/push/domain/checks.h"
#include "services/push/domain/types.h"
#include "tidemark/push/v1/push.pb.h"
#include "tidemark/push/v1/push_service.pb.h"

// The wire to the domain and back. Parsing checks shape alone: types, lengths, characters.
namespace tidemark::push {

// The fields that requests have in common: identity_pool_id, identity_id, device_id, dataset_name.
template <typename Request>
IdentityKey ParseIdentity(const Request& request, errors::Violations& violations) {
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  errors::CheckId("identity_id", request.identity_id(), violations);
  return IdentityKey::Of(request.identity_pool_id(), request.identity_id());
}

template <typename Request>
DeviceKey ParseDevice(const Request& request, errors::Violations& violations) {
  CheckDeviceId("device_id", request.device_id(), violations);
  return {ParseIdentity(request, violations), request.device_id()};
}

// Any of the platforms if it is none of them, and that is a violation.
Platform ParsePlatform(std::string_view field, v1::Platform platform,
                       errors::Violations& violations);

// INVALID_FIELD names every violation.
absl::StatusOr<std::vector<ChangedDataset>> ParseChanges(const v1::ResolveTargetsRequest& request);
absl::StatusOr<std::vector<EndpointReport>> ParseReports(const v1::ReportEndpointsRequest& request);

// Moves out of `device`.
void ToProto(Device&& device, v1::Device& proto);
void ToProto(Target&& target, v1::Target& proto);

}  // namespace tidemark::push
