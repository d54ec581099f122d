#pragma once

#include <ostream>
#include <string>

#include "tidemark/stream_config/v1/pool.pb.h"
#include "tidemark/stream_config/v1/stream_config_service.pb.h"

namespace tidemark::cli {

// Pools for people: one with everything that is set, or many in a table.
void PrintPool(const stream_config::v1::Pool& pool, std::ostream& out);
void PrintPools(const stream_config::v1::ListPoolsResponse& pools, std::ostream& out);

}  // namespace tidemark::cli
