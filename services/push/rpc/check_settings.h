#pragma once

#include "common/rpc/calls.h"
#include "services/push/sns/endpoints.h"
#include "tidemark/push/v1/push_service.pb.h"

namespace tidemark::push {

// PushTargetService.CheckSettings.
void CheckSettings(Endpoints& endpoints, const rpc::Call& call,
                   const v1::CheckSettingsRequest& request, const rpc::Done& done);

}  // namespace tidemark::push
