#include "services/publisher/engine/record_store.h"

#include "absl/strings/str_cat.h"

namespace tidemark::publisher {

void NoRecordStore::Store(std::string_view /*pool_id*/, const Event& event, Done done) {
  done(
      {.fault = Fault::kRefused,
       .error = absl::StrCat("the event has ", event.record_bytes(),
                             " bytes with its partition key, more than its stream takes; configure "
                             "a bucket for the records of such events (--s3-bucket), raise the "
                             "stream's record size, or have the application change less at a "
                             "time")});
}

}  // namespace tidemark::publisher
