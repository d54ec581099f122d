// What a Kinesis endpoint may answer: a result has one entry for each record that was sent.
#include "common/aws/kinesis.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kSent = 2;
  const auto result =
      tidemark::aws::ReadPutRecordsAnswer(tidemark::fuzz::AsText(data, size), kSent);
  if (!result.ok()) return 0;
  tidemark::fuzz::Require(result->records.size() == kSent, "an entry for each record");
  for (const auto& record : result->records) {
    tidemark::fuzz::Require(!record.ok() || !record.sequence_number.empty(),
                            "a record that was taken has a sequence number");
  }
  return 0;
}
