#include "common/testing/fake_aws/backend.h"

#include <cstdio>
#include <cstdlib>

namespace tidemark::fake_aws {
namespace {

struct Row {
  Backend backend;
  std::string_view name;
  const char* variable;  // that holds its URL; nullptr: runs in this process
  BackendAbilities abilities;
};

// moto 5.2.1 and kinesalite 3.3.3: docs/reference/aws-endpoints.md section 2.
constexpr Row kRows[] = {
    {Backend::kFake,
     "Fake",
     nullptr,
     {.kinesis = true,
      .lambda = true,
      .s3 = true,
      .sns = true,
      .sts = true,
      .streams_by_arn = true,
      .put_bytes_limit = true,
      .key_bytes_in_limit = true,
      .stream_states = true}},
    {Backend::kMoto,
     "Moto",
     "TIDEMARK_TEST_MOTO",
     {.kinesis = true,
      .lambda = true,
      .s3 = true,
      .sns = true,
      .sts = true,
      .streams_by_arn = true,
      .put_bytes_limit = true,
      .key_bytes_in_limit = true,
      .stream_states = false}},
    {Backend::kKinesalite,
     "Kinesalite",
     "TIDEMARK_TEST_KINESALITE",
     {.kinesis = true,
      .lambda = false,
      .s3 = false,
      .sns = false,
      .sts = false,
      .streams_by_arn = false,
      .put_bytes_limit = false,
      .key_bytes_in_limit = false,
      .stream_states = true}},
};

const Row& RowOf(Backend backend) { return kRows[static_cast<int>(backend)]; }

}  // namespace

const BackendAbilities& AbilitiesOf(Backend backend) { return RowOf(backend).abilities; }

std::vector<Backend> BackendsWith(bool BackendAbilities::*ability) {
  std::vector<Backend> backends;
  for (const Row& row : kRows) {
    if (row.abilities.*ability) backends.push_back(row.backend);
  }
  return backends;
}

std::string BackendName(Backend backend) { return std::string(RowOf(backend).name); }

std::ostream& operator<<(std::ostream& out, Backend backend) { return out << BackendName(backend); }

RunningBackend::RunningBackend(Backend backend) {
  const char* const variable = RowOf(backend).variable;
  if (variable == nullptr) {
    FakeAws::Options options;
    options.keys = {{"test", Secret("test"), Secret(), absl::InfiniteFuture()}};
    // As kinesalite is started, so that streams can be seen in each state.
    options.kinesis.create_time = absl::Milliseconds(50);
    options.kinesis.delete_time = absl::Milliseconds(50);
    fake_ = FakeAws::Start(std::move(options)).value();
    url_ = fake_->Url();
    return;
  }
  const char* const url = std::getenv(variable);
  if (url == nullptr) {
    std::fprintf(stderr, "set %s to the base URL of an emulator; tests/run does\n", variable);
    std::abort();
  }
  url_ = url;
}

}  // namespace tidemark::fake_aws
