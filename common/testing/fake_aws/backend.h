#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/testing/fake_aws/fake_aws.h"

namespace tidemark::fake_aws {

// The things that play AWS for tests: a suite that runs against all of them shows that the fake and
// the client under test don't share one wrong idea.
enum class Backend { kFake, kMoto, kKinesalite };

// What a backend does as AWS does it. A suite that needs more than all of them have names the
// ability it needs: nothing is left out silently.
struct BackendAbilities {
  bool kinesis;             // Kinesis at all
  bool lambda;              // Lambda at all
  bool s3;                  // S3 at all
  bool sns;                 // SNS's mobile push at all
  bool sts;                 // STS at all
  bool streams_by_arn;      // takes StreamARN
  bool put_bytes_limit;     // refuses a PutRecords call of more than 5 MiB
  bool key_bytes_in_limit;  // counts the partition key to a record's 1 MiB
  bool stream_states;       // a stream is CREATING and DELETING for a while
};

const BackendAbilities& AbilitiesOf(Backend backend);
// E.g. BackendsWith(&BackendAbilities::s3), for INSTANTIATE_TEST_SUITE_P.
std::vector<Backend> BackendsWith(bool BackendAbilities::*ability);

std::string BackendName(Backend backend);  // "Fake"
std::ostream& operator<<(std::ostream& out, Backend backend);

// One that runs: the fake within this process, verifying the key test/test, the others where
// TIDEMARK_TEST_MOTO and TIDEMARK_TEST_KINESALITE say (tests/run starts them). Aborts if they
// don't.
class RunningBackend {
 public:
  explicit RunningBackend(Backend backend);

  const std::string& url() const { return url_; }
  FakeAws* fake() const { return fake_.get(); }  // nullptr for the others

 private:
  std::unique_ptr<FakeAws> fake_;
  std::string url_;
};

}  // namespace tidemark::fake_aws
