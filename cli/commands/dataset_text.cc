#include "cli/commands/dataset_text.h"

#include "absl/strings/str_cat.h"
#include "cli/output/format.h"
#include "cli/output/table.h"

namespace tidemark::cli {

void PrintDatasets(const google::protobuf::RepeatedPtrField<dataset::v1::Dataset>& datasets,
                   std::ostream& out) {
  Table table({{"DATASET"},
               {"SYNC COUNT", true},
               {"RECORDS", true},
               {"SIZE", true},
               {"CREATED"},
               {"CHANGED"},
               {"CHANGED BY"}});
  for (const dataset::v1::Dataset& dataset : datasets) {
    table.Add({Printable(dataset.dataset_name()), absl::StrCat(dataset.sync_count()),
               absl::StrCat(dataset.record_count()), HumanBytes(dataset.data_storage_bytes()),
               HumanTime(TimeOf(dataset.has_creation_time(), dataset.creation_time())),
               HumanTime(TimeOf(dataset.has_last_modified_time(), dataset.last_modified_time())),
               OrAbsent(dataset.last_modified_by())});
  }
  table.Print(out);
}

}  // namespace tidemark::cli
