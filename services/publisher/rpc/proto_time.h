#pragma once

#include <google/protobuf/timestamp.pb.h>

#include "absl/time/time.h"

namespace tidemark::publisher {

google::protobuf::Timestamp ToProto(absl::Time time);

}  // namespace tidemark::publisher
