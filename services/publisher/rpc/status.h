#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/pools/pool_directory.h"
#include "services/publisher/engine/publisher.h"
#include "services/publisher/store/steering.h"
#include "tidemark/publisher/v1/publisher_service.pb.h"

namespace tidemark::publisher {

// Answers GetStatus for one pool (empty: for all): what the answering process knows of itself, and
// what the others told the database.
void FillStatus(const PublisherView& own, const Overview& overview,
                const pools::PoolSnapshot& pools, absl::Time now, const std::string& pool_id,
                v1::GetStatusResponse& response);

}  // namespace tidemark::publisher
