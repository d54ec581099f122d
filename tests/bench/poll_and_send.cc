// poll-and-send: the simplest way from the change log to Kinesis, as the publisher's baseline. One
// thread looks at the log every millisecond and sends what is new, one request at a time. It loses
// what commits out of order, knows no destinations, and stores no progress. Records are the commit
// time and the body as it stands in the log: {"lastModifiedDate":1700000000000}BODY.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <future>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/aws/kinesis.h"
#include "common/base/status_macros.h"
#include "common/pg/connection.h"
#include "common/testing/fake_aws/kinesis_tool.h"

namespace tidemark::bench {
namespace {

constexpr pg::Query kLogEnd{"end", "SELECT last_value FROM dataset.change_log_position"};
constexpr pg::Query kPoll{"poll",
                          "SELECT position, commit_time, body FROM dataset.change_log"
                          " WHERE position > $1 ORDER BY position LIMIT 500"};

struct Flags {
  std::string dsn;
  std::string kinesis;
  std::string stream;
  double seconds = 5;
};

class Loop {
 public:
  Loop(const Flags& flags, pg::Connection connection)
      : flags_(flags),
        connection_(std::move(connection)),
        tool_(flags.kinesis),
        client_("us-east-1", aws::Endpoint::Parse(flags.kinesis).value(), tool_.transport(),
                tool_.credentials(), SystemClock()) {}

  absl::Status Run() {
    const absl::Time end = absl::Now() + absl::Seconds(flags_.seconds);
    TM_ASSIGN_OR_RETURN(const pg::Result at, Query(kLogEnd, pg::Params()));
    TM_ASSIGN_OR_RETURN(const auto row, at.ParseOnly<std::int64_t>());
    std::int64_t hi = std::get<0>(row);
    while (absl::Now() < end) {
      TM_ASSIGN_OR_RETURN(const pg::Result rows, Query(kPoll, pg::Params(hi)));
      if (rows.empty()) {
        absl::SleepFor(absl::Milliseconds(1));
        continue;
      }
      TM_ASSIGN_OR_RETURN(hi, Send(rows));
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<pg::Result> Query(const pg::Query& query, const pg::Params& params) {
    return connection_.Run(query, params, absl::Now() + absl::Seconds(10));
  }

  // Returns the last position.
  absl::StatusOr<std::int64_t> Send(const pg::Result& rows) {
    std::int64_t last = 0;
    std::vector<std::string> data;
    std::vector<std::string> keys;
    for (const pg::Row row : rows) {
      TM_ASSIGN_OR_RETURN(const auto columns, (row.Parse<std::int64_t, absl::Time, std::string>()));
      const auto& [position, commit_time, body] = columns;
      data.push_back(
          absl::StrCat("{\"lastModifiedDate\":", absl::ToUnixMillis(commit_time), "}", body));
      keys.push_back(absl::StrCat(position));
      last = position;
    }
    std::vector<aws::PutRecordsEntry> entries;
    for (std::size_t i = 0; i < data.size(); ++i) entries.push_back({data[i], keys[i]});
    std::promise<bool> sent;
    client_.PutRecords(flags_.stream, entries, {}, [&sent](const aws::PutRecordsResult& result) {
      sent.set_value(!result.error && result.failed == 0);
    });
    if (!sent.get_future().get()) return absl::UnavailableError("a request failed");
    return last;
  }

  const Flags& flags_;
  pg::Connection connection_;
  fake_aws::KinesisTool tool_;
  const aws::KinesisClient client_;
};

int Run(const Flags& flags) {
  pg::ConnectOptions options;
  options.dsn = flags.dsn;
  options.check = pg::ServerCheck::kLossy;
  auto connection = pg::Connection::Open(options);
  const absl::Status status =
      connection.ok() ? Loop(flags, *std::move(connection)).Run() : connection.status();
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
  tidemark::bench::Flags flags;
  CLI::App app{"Polls the change log and sends what is new to Kinesis, one request at a time"};
  app.add_option("--dsn", flags.dsn)->required();
  app.add_option("--kinesis", flags.kinesis, "endpoint, http://HOST:PORT")->required();
  app.add_option("--stream", flags.stream, "a stream that exists")->required();
  app.add_option("--seconds", flags.seconds)->check(CLI::Range(0.1, 600.0));
  CLI11_PARSE(app, argc, argv);
  return tidemark::bench::Run(flags);
}
