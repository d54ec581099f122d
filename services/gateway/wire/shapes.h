#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "services/gateway/wire/request_target.h"
#include "tidemark/dataset/v1/dataset.pb.h"
#include "tidemark/stream_config/v1/pool.pb.h"

// Amazon's structures (contract section 2) that more than one operation reads or writes.
namespace tidemark::gateway {

void AppendDataset(const dataset::v1::Dataset& dataset, std::string& out);
void AppendRecord(const dataset::v1::Record& record, std::string& out);
void AppendIdentityPoolUsage(const dataset::v1::IdentityPoolUsage& usage, std::string& out);
void AppendPoolConfiguration(const stream_config::v1::Pool& pool, std::string& out);

// About how much AppendRecord appends.
std::size_t SizeOfRecord(const dataset::v1::Record& record);

// The page size that parameter maxResults asks for, 0 if it is absent; an explicit 0 is 1, the
// least (contract section 4.2 recommends to clamp).
absl::StatusOr<std::int32_t> PageSize(const QueryParameters& query);

}  // namespace tidemark::gateway
