#pragma once

#include <google/protobuf/repeated_field.h>

#include <cstdint>
#include <vector>

#include "common/errors/violations.h"
#include "services/dataset/store/snapshots.h"
#include "tidemark/change/v1/change.pb.h"
#include "tidemark/dataset/v1/change_log_service.pb.h"

// Whole datasets on the wire: as ExportPool and ReadSnapshots send them.
namespace tidemark::dataset {

// The dataset as a Change of kind SNAPSHOT, without records yet.
change::v1::Change SnapshotMessage(const DatasetInfo& info);

// Adds a live record to it.
void AddRecord(Record record, change::v1::Change& change);

// The whole dataset; of a tombstone, its deletion.
void ToProto(Snapshot snapshot, v1::Snapshot& proto);

void ToProto(const SnapshotCursor& cursor, v1::SnapshotPosition& proto);

// The request's log shards; each that is none is a violation of `log_shards[i]`.
std::vector<LogShard> ParseLogShards(const google::protobuf::RepeatedField<std::uint32_t>& shards,
                                     errors::Violations& violations);

// Where ReadSnapshots goes on: bounded text without U+0000, else a violation of `after`.
SnapshotCursor ParseAfter(const v1::SnapshotPosition& after, errors::Violations& violations);

// What GetSnapshots asks for.
std::vector<DatasetKey> ParseAsked(const v1::GetSnapshotsRequest& request,
                                   errors::Violations& violations);

// `max_bytes` of a request, with its default and its bounds.
std::int64_t ParseMaxBytes(std::int64_t max_bytes, errors::Violations& violations);

}  // namespace tidemark::dataset
