#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <ostream>

#include "tidemark/dataset/v1/dataset.pb.h"

namespace tidemark::cli {

// An identity's datasets in a table.
void PrintDatasets(const google::protobuf::RepeatedPtrField<dataset::v1::Dataset>& datasets,
                   std::ostream& out);

}  // namespace tidemark::cli
