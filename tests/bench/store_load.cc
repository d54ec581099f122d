// Load on the dataset service's PostgreSQL stores, without gRPC and lanes around them, over the
// datasets of sql/seed.sql. Prints one line of JSON:
//   {"calls_per_second": ..., "errors": ...}
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <semaphore>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/pg/connection.h"
#include "services/dataset/store/postgres_read_store.h"
#include "services/dataset/store/postgres_snapshots.h"
#include "services/dataset/store/postgres_update_store.h"

namespace tidemark::bench {
namespace {

using dataset::DatasetKey;
using dataset::SyncCount;
using dataset::UpdateRequest;

constexpr int kDatasets = 20'000;  // of sql/seed.sql

struct Settings {
  std::string dsn;
  std::string operation = "update";  // or "list", or "snapshots": whole datasets, page by page
  int connections = 4;
  int batch = 32;         // updates in a call
  int patches = 1;        // of an update
  int value_bytes = 100;  // of a patch
  int first = 1;          // of the datasets that are updated
  int last = kDatasets;   // likewise
  int pool_number = 1;    // in the change log, of updates
  double rate = 0;        // updates a second over all connections; 0: as many as possible
  int in_flight = 64;     // lists at a time
  double seconds = 5;
};

DatasetKey DatasetOf(int number) {
  return {{"pgbench", absl::StrCat("bench:", number), Owner(number)}, "bench"};
}

pg::ConnectOptions OptionsOf(const Settings& settings) {
  pg::ConnectOptions options;
  options.dsn = settings.dsn;
  options.check = pg::ServerCheck::kLossy;
  return options;
}

// The counts of the records that are updated, by dataset and record.
using Counts = std::map<std::pair<int, int>, SyncCount>;

absl::StatusOr<Counts> ReadCounts(const Settings& settings) {
  TM_ASSIGN_OR_RETURN(pg::Connection connection, pg::Connection::Open(OptionsOf(settings)));
  TM_ASSIGN_OR_RETURN(
      const pg::Result result,
      connection.RunOnce("SELECT owner, substr(key, 5)::integer, sync_count FROM dataset.record"
                         " WHERE owner BETWEEN 1 AND $1 AND substr(key, 5)::integer < $2",
                         pg::Params(kDatasets, settings.patches), absl::Now() + absl::Seconds(30)));
  Counts counts;
  for (const pg::Row row : result) {
    TM_ASSIGN_OR_RETURN(const auto columns, (row.Parse<std::int64_t, std::int32_t, SyncCount>()));
    const auto& [owner, record, count] = columns;
    counts[{static_cast<int>(owner), record}] = count;
  }
  return counts;
}

// Updates batches of datasets that no other writer updates.
class Writer {
 public:
  Writer(const Settings& settings, int number, Counts known)
      : settings_(settings),
        number_(number),
        store_(OptionsOf(settings)),
        random_(static_cast<std::uint64_t>(absl::ToUnixNanos(absl::Now()) + number)),
        known_(std::move(known)) {}

  void Run(const std::atomic<bool>& stop) {
    absl::Time turn = absl::Now();
    while (!stop) {
      if (settings_.rate > 0) {
        absl::SleepFor(turn - absl::Now());
        turn += absl::Seconds(settings_.batch * settings_.connections / settings_.rate);
      }
      std::vector<UpdateRequest> requests;
      for (const int dataset : PickBatch()) requests.push_back(UpdateOf(dataset));
      std::vector<const UpdateRequest*> pointers;
      for (const UpdateRequest& request : requests) pointers.push_back(&request);
      const auto outcomes = store_.Update(pointers, absl::Now() + absl::Seconds(10));
      for (std::size_t i = 0; i < outcomes.size(); ++i) Note(requests[i], outcomes[i]);
    }
  }

  std::int64_t updates() const { return updates_; }
  int errors() const { return errors_; }

 private:
  std::unordered_set<int> PickBatch() {
    std::unordered_set<int> datasets;
    const int count = settings_.last - settings_.first + 1;
    std::uniform_int_distribution<int> any(0, count / settings_.connections - 2);
    while (datasets.size() < static_cast<std::size_t>(settings_.batch)) {
      datasets.insert(settings_.first + number_ + settings_.connections * any(random_));
    }
    return datasets;
  }

  UpdateRequest UpdateOf(int number) {
    UpdateRequest request{
        .dataset = DatasetOf(number),
        .pool_number = dataset::PoolNumber(settings_.pool_number),
        .limits = {},
        .patches = {},
        .origin = {.modified_by = "bench", .device_id = "bench", .traceparent = ""},
        .identity = {{random_(), random_()}, {0, 0}}};
    for (int k = 0; k < settings_.patches; ++k) {
      const std::string key = absl::StrCat("key-", k);
      request.patches.push_back(
          {key, std::string(settings_.value_bytes, 'w'), known_[{number, k}], std::nullopt});
    }
    return request;
  }

  void Note(const UpdateRequest& request, const dataset::UpdateOutcome& outcome) {
    if (const auto* applied = std::get_if<dataset::Applied>(&outcome)) {
      ++updates_;
      const auto number = static_cast<int>(request.dataset.identity.owner.value());
      for (int k = 0; k < settings_.patches; ++k) known_[{number, k}] = applied->sync_count;
    } else if (errors_++ == 0) {
      std::fprintf(stderr, "%s\n", std::string(ToStatus(outcome).message()).c_str());
    }
  }

  const Settings& settings_;
  const int number_;
  dataset::PostgresUpdateStore store_;
  std::mt19937_64 random_;
  Counts known_;
  std::int64_t updates_ = 0;
  int errors_ = 0;
};

// One list in flight at a time.
class Reader {
 public:
  Reader(dataset::ReadStore& store, int number) : store_(store), random_(number) {}

  void Start(const std::atomic<bool>& stop, std::counting_semaphore<>& ended) {
    if (stop) return ended.release();
    const int dataset = std::uniform_int_distribution<int>(1, kDatasets)(random_);
    store_.ListRecords({.dataset = DatasetOf(dataset)}, absl::Now() + absl::Seconds(10),
                       [this, &stop, &ended](absl::StatusOr<dataset::RecordPage> page) {
                         if (page.ok() && page->records.size() == 20) {
                           ++lists_;
                         } else {
                           ++errors_;
                         }
                         Start(stop, ended);
                       });
  }

  std::int64_t lists() const { return lists_; }
  int errors() const { return errors_; }

 private:
  dataset::ReadStore& store_;
  std::mt19937 random_;
  std::int64_t lists_ = 0;
  int errors_ = 0;
};

int Report(std::int64_t calls, double seconds, int errors) {
  const nlohmann::json line = {{"calls_per_second", static_cast<double>(calls) / seconds},
                               {"errors", errors}};
  std::printf("%s\n", line.dump().c_str());
  return errors == 0 ? 0 : 1;
}

int Update(const Settings& settings) {
  const auto counts = ReadCounts(settings);
  if (!counts.ok()) {
    std::fprintf(stderr, "%s\n", counts.status().ToString().c_str());
    return 1;
  }
  std::vector<std::unique_ptr<Writer>> writers;
  for (int i = 0; i < settings.connections; ++i) {
    writers.push_back(std::make_unique<Writer>(settings, i, *counts));
  }
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  const absl::Time begin = absl::Now();
  for (const auto& writer : writers) {
    threads.emplace_back([&writer = *writer, &stop] { writer.Run(stop); });
  }
  absl::SleepFor(absl::Seconds(settings.seconds));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  std::int64_t updates = 0;
  int errors = 0;
  for (const auto& writer : writers) {
    updates += writer->updates();
    errors += writer->errors();
  }
  return Report(updates, seconds, errors);
}

int List(const Settings& settings) {
  std::vector<std::unique_ptr<Reader>> readers;
  dataset::PostgresReadStore store(OptionsOf(settings), settings.connections);
  for (int i = 0; i < settings.in_flight; ++i) {
    readers.push_back(std::make_unique<Reader>(store, i));
  }
  std::atomic<bool> stop = false;
  std::counting_semaphore<> ended(0);
  const absl::Time begin = absl::Now();
  for (const auto& reader : readers) reader->Start(stop, ended);
  absl::SleepFor(absl::Seconds(settings.seconds));
  stop = true;
  for (std::size_t i = 0; i < readers.size(); ++i) ended.acquire();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  std::int64_t lists = 0;
  int errors = 0;
  for (const auto& reader : readers) {
    lists += reader->lists();
    errors += reader->errors();
  }
  return Report(lists, seconds, errors);
}

// Reads all datasets again and again, page by page, on one connection.
int Snapshots(const Settings& settings) {
  dataset::PostgresSnapshots store(OptionsOf(settings));
  std::int64_t datasets = 0;
  const absl::Time begin = absl::Now();
  const absl::Time end = begin + absl::Seconds(settings.seconds);
  std::optional<dataset::SnapshotCursor> cursor;
  while (absl::Now() < end) {
    const auto page = store.Read("pgbench", {}, cursor.value_or(dataset::SnapshotCursor{}), {},
                                 absl::Now() + absl::Seconds(10));
    if (!page.ok()) {
      std::fprintf(stderr, "%s\n", page.status().ToString().c_str());
      return 1;
    }
    datasets += static_cast<std::int64_t>(page->snapshots.size());
    cursor = page->next;
  }
  return Report(datasets, absl::ToDoubleSeconds(absl::Now() - begin), 0);
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
  tidemark::bench::Settings settings;
  CLI::App app{"Load on the dataset service's PostgreSQL stores."};
  app.add_option("--dsn", settings.dsn, "with the data of sql/seed.sql")->required();
  app.add_option("--operation", settings.operation)
      ->check(CLI::IsMember({"update", "list", "snapshots"}));
  app.add_option("--connections", settings.connections)->check(CLI::Range(1, 64));
  app.add_option("--batch", settings.batch, "updates in a call")->check(CLI::Range(1, 64));
  app.add_option("--patches", settings.patches, "of an update")->check(CLI::Range(1, 16));
  app.add_option("--first", settings.first, "of the datasets that are updated")
      ->check(CLI::Range(1, 20'000));
  app.add_option("--last", settings.last, "likewise; 1,000 after the first at least")
      ->check(CLI::Range(1, 20'000));
  app.add_option("--pool-number", settings.pool_number, "in the change log of updates")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--value-bytes", settings.value_bytes, "of a patch")->check(CLI::Range(0, 10'000));
  app.add_option("--rate", settings.rate, "updates a second; 0: as many as possible")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--in-flight", settings.in_flight, "lists at a time")->check(CLI::Range(1, 4096));
  app.add_option("--seconds", settings.seconds)->check(CLI::Range(0.1, 3600.0));
  CLI11_PARSE(app, argc, argv);
  if (settings.operation == "update") return tidemark::bench::Update(settings);
  if (settings.operation == "list") return tidemark::bench::List(settings);
  return tidemark::bench::Snapshots(settings);
}
