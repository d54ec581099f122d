#include "services/publisher/store/push_decoder.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "tidemark/change/v1/change.pb.h"

namespace tidemark::publisher {
namespace {

using google::protobuf::internal::WireFormatLite;

// Where a field of the Change goes; null: it is passed over.
std::string* FieldOf(std::uint32_t tag, PushChange& change) {
  if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
    return nullptr;
  }
  switch (WireFormatLite::GetTagFieldNumber(tag)) {
    case change::v1::Change::kIdentityIdFieldNumber:
      return &change.key.identity_id;
    case change::v1::Change::kDatasetNameFieldNumber:
      return &change.key.dataset_name;
    case change::v1::Change::kDeviceIdFieldNumber:
      return &change.device_id;
    default:
      return nullptr;
  }
}

bool ReadField(std::uint32_t tag, google::protobuf::io::CodedInputStream& body,
               PushChange& change) {
  std::string* const field = FieldOf(tag, change);
  if (field == nullptr) return WireFormatLite::SkipField(&body, tag);
  std::uint32_t size = 0;
  return body.ReadVarint32(&size) && body.ReadString(field, static_cast<int>(size));
}

}  // namespace

absl::StatusOr<PushChange> DecodePush(const LogRow& row) {
  PushChange change{.key = {.pool_number = row.pool_number},
                    .position = row.position,
                    .log_shard = row.log_shard,
                    .sync_count = row.sync_count,
                    .commit_time = row.commit_time};
  google::protobuf::io::CodedInputStream body(
      reinterpret_cast<const std::uint8_t*>(row.body.data()), static_cast<int>(row.body.size()));
  while (const std::uint32_t tag = body.ReadTag()) {
    if (!ReadField(tag, body, change)) break;
  }
  if (!body.ConsumedEntireMessage() || change.key.identity_id.empty() ||
      change.key.dataset_name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the body of position ", row.position, " is not a change"));
  }
  return change;
}

}  // namespace tidemark::publisher
