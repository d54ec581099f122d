#pragma once

#include <span>
#include <string>

#include "services/dataset/domain/types.h"

// Bodies of the change log: tidemark.change.v1.Change without the fields that are columns of the
// row (see change.proto).
namespace tidemark::dataset {

// Of an accepted update: all its patches, in their order.
std::string UpdateBody(const UpdateRequest& request);

// Of a deletion.
std::string DeletionBody(const DatasetKey& dataset, const ChangeOrigin& origin);

// Of a copy: the records that `dataset` holds, tombstones left out, each with its own count and
// time.
std::string SnapshotBody(const DatasetKey& dataset, const ChangeOrigin& origin,
                         std::span<const Record> records);

}  // namespace tidemark::dataset
