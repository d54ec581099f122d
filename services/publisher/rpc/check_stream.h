#pragma once

#include "common/rpc/calls.h"
#include "services/publisher/engine/stream_check.h"
#include "tidemark/publisher/v1/publisher_service.pb.h"

namespace tidemark::publisher {

// PublisherService.CheckStream.
void CheckStream(StreamCheck& check, const rpc::Call& call, const v1::CheckStreamRequest& request,
                 v1::CheckStreamResponse& response, const rpc::Done& done);

}  // namespace tidemark::publisher
