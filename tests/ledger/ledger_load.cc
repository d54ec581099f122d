// Commits changes through the dataset services, however often those fail, and keeps a journal of
// what was acknowledged. Every dataset has one writer, which waits for each answer and asks again,
// with the same request id, until there is one: so at the end no outcome is unknown.
//
// The journal has 16 bytes for each acknowledged change, little-endian: the dataset's number (4),
// its sync count (4), what its event must tell (8, see DigestOf). Prints "acknowledged N" ten times
// a second. tests/ledger/journal.py names datasets by their numbers likewise.
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "tests/ledger/workload.h"
#include "tidemark/dataset/v1/dataset_service.grpc.pb.h"

namespace tidemark::ledger {
namespace {

namespace v1 = dataset::v1;

constexpr int kDatasetsPerIdentity = 2;
// A refusal that no repetition mends ends the load after so many.
constexpr int kMaxAborted = 50;

struct Settings {
  std::vector<std::string> addresses;
  std::vector<std::string> pools;
  std::string journal;
  std::int64_t changes = 1000;
  std::uint32_t seed = 1;
  int identities = 100;
  int writers = 64;
  double rate = 0;  // a second; 0: as fast as they are taken
  Mix mix;
};

class Journal {
 public:
  explicit Journal(const std::string& path) : file_(std::fopen(path.c_str(), "wb")) {}
  ~Journal() { Close(); }
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  bool ok() const { return file_ != nullptr; }

  void Note(std::uint32_t dataset, std::int64_t count, std::uint64_t digest) {
    const auto count32 = static_cast<std::uint32_t>(count);
    std::array<char, 16> entry{};
    std::memcpy(entry.data(), &dataset, 4);
    std::memcpy(entry.data() + 4, &count32, 4);
    std::memcpy(entry.data() + 8, &digest, 8);
    const std::lock_guard lock(mutex_);
    if (std::fwrite(entry.data(), entry.size(), 1, file_) != 1) std::abort();
    ++noted_;
  }

  std::int64_t noted() const { return noted_; }

  void Close() {
    if (file_ != nullptr && std::fclose(file_) != 0) std::abort();
    file_ = nullptr;
  }

 private:
  std::mutex mutex_;
  std::FILE* file_;
  std::atomic<std::int64_t> noted_ = 0;
};

// One thread and the datasets it alone writes.
class Writer {
 public:
  Writer(const Settings& settings, int number, Journal& journal)
      : settings_(settings), journal_(journal), random_(settings.seed * 10'007ULL + number) {
    for (int i = number; i < settings.identities; i += settings.writers) {
      for (int d = 0; d < kDatasetsPerIdentity; ++d) {
        datasets_.emplace_back(static_cast<std::uint32_t>(i * kDatasetsPerIdentity + d));
      }
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
    // A few channels for all writers: those with the same arguments share one connection.
    arguments.SetInt("tidemark.channel", number % 4);
    stub_ = v1::DatasetService::NewStub(
        grpc::CreateCustomChannel(settings.addresses[number % settings.addresses.size()],
                                  grpc::InsecureChannelCredentials(), arguments));
  }

  // Makes changes while there are any left to make. False after a refusal, which is printed.
  bool Run(std::atomic<std::int64_t>& started, absl::Time begin) {
    while (!datasets_.empty()) {
      const std::int64_t turn = started.fetch_add(1);
      if (turn >= settings_.changes) return true;
      if (settings_.rate > 0) {
        absl::SleepFor(begin + absl::Seconds(static_cast<double>(turn) / settings_.rate) -
                       absl::Now());
      }
      DatasetWriter& dataset = datasets_[random_() % datasets_.size()];
      const Change change = dataset.Next(settings_.mix, random_);
      const std::int64_t count = change.empty() ? Delete(dataset) : Update(dataset, change);
      if (count == 0) return false;
      dataset.Accept(change, count);
      journal_.Note(dataset.number(), count, DigestOf(change));
    }
    return true;
  }

 private:
  template <typename Request>
  Request Address(const DatasetWriter& dataset) const {
    const std::uint32_t identity = dataset.number() / kDatasetsPerIdentity;
    Request request;
    request.set_identity_pool_id(settings_.pools[identity % settings_.pools.size()]);
    request.set_identity_id(
        absl::StrFormat("us-east-1:%08x-0000-4000-8000-%012x", settings_.seed, identity));
    request.set_dataset_name(absl::StrCat("d", dataset.number() % kDatasetsPerIdentity));
    return request;
  }

  std::string RequestId() { return absl::StrFormat("%016x%016x", random_(), random_()); }

  // Calls until there is an answer. False after a refusal for good, which is printed.
  template <typename Request, typename Response>
  bool Settle(grpc::Status (v1::DatasetService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
              const Request& request, Response& response) {
    absl::Duration pause = absl::Milliseconds(20);
    int aborted = 0;
    for (bool again = false;; again = true) {
      grpc::ClientContext context;
      context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
      context.set_wait_for_ready(again);
      const grpc::Status status = ((*stub_).*method)(&context, request, &response);
      switch (status.error_code()) {
        case grpc::StatusCode::OK:
          return true;
        case grpc::StatusCode::ABORTED:
          if (++aborted < kMaxAborted) break;
          [[fallthrough]];
        default:
          std::fprintf(stderr, "ledger-load: %d %s\n", status.error_code(),
                       status.error_message().c_str());
          return false;
        case grpc::StatusCode::UNAVAILABLE:
        case grpc::StatusCode::DEADLINE_EXCEEDED:
        case grpc::StatusCode::CANCELLED:
        case grpc::StatusCode::RESOURCE_EXHAUSTED:
          break;
      }
      absl::SleepFor(pause);
      pause = std::min(pause * 2, absl::Milliseconds(500));
    }
  }

  // Each: the new count; 0 after a refusal.
  std::int64_t Delete(const DatasetWriter& dataset) {
    auto request = Address<v1::DeleteDatasetRequest>(dataset);
    request.set_request_id(RequestId());
    v1::DeleteDatasetResponse response;
    if (!Settle(&v1::DatasetService::Stub::DeleteDataset, request, response)) return 0;
    return response.dataset().sync_count();
  }

  std::int64_t Update(DatasetWriter& dataset, const Change& change) {
    if (dataset.token.empty()) {
      const auto list = Address<v1::ListRecordsRequest>(dataset);
      v1::ListRecordsResponse listed;
      if (!Settle(&v1::DatasetService::Stub::ListRecords, list, listed)) return 0;
      dataset.token = listed.sync_session_token();
    }
    auto request = Address<v1::UpdateRecordsRequest>(dataset);
    request.set_sync_session_token(dataset.token);
    request.set_request_id(RequestId());
    for (const Patch& patch : change) {
      v1::RecordPatch* const out = request.add_record_patches();
      out->set_op(patch.value ? v1::RecordPatch::OP_REPLACE : v1::RecordPatch::OP_REMOVE);
      out->set_key(patch.key);
      if (patch.value) out->set_value(*patch.value);
      out->set_sync_count(patch.sync_count);
      out->mutable_device_last_modified_time()->set_seconds(patch.device_ms / 1000);
      out->mutable_device_last_modified_time()->set_nanos(
          static_cast<std::int32_t>(patch.device_ms % 1000 * 1'000'000));
    }
    v1::UpdateRecordsResponse response;
    if (!Settle(&v1::DatasetService::Stub::UpdateRecords, request, response)) return 0;
    return response.records(0).sync_count();
  }

  const Settings& settings_;
  Journal& journal_;
  std::mt19937_64 random_;
  std::vector<DatasetWriter> datasets_;
  std::unique_ptr<v1::DatasetService::Stub> stub_;
};

int Run(const Settings& settings) {
  Journal journal(settings.journal);
  if (!journal.ok()) {
    std::fprintf(stderr, "ledger-load: can't write %s\n", settings.journal.c_str());
    return 1;
  }
  std::vector<std::unique_ptr<Writer>> writers;
  for (int i = 0; i < settings.writers; ++i) {
    writers.push_back(std::make_unique<Writer>(settings, i, journal));
  }
  std::atomic<std::int64_t> started = 0;
  std::atomic<int> running = settings.writers;
  std::atomic<bool> good = true;
  const absl::Time begin = absl::Now();
  std::vector<std::thread> threads;
  for (const auto& writer : writers) {
    threads.emplace_back([&] {
      if (!writer->Run(started, begin)) {
        good = false;
        started = settings.changes;  // The others end, too.
      }
      --running;
    });
  }
  while (running > 0) {
    absl::SleepFor(absl::Milliseconds(100));
    std::printf("acknowledged %lld\n", static_cast<long long>(journal.noted()));
    std::fflush(stdout);
  }
  for (std::thread& thread : threads) thread.join();
  journal.Close();
  return good ? 0 : 1;
}

}  // namespace
}  // namespace tidemark::ledger

int main(int argc, char** argv) {
  tidemark::ledger::Settings settings;
  CLI::App app{"Commits changes for the ledger."};
  app.add_option("--address", settings.addresses, "of a dataset service")->required();
  app.add_option("--pool", settings.pools, "an identity pool that exists")->required();
  app.add_option("--journal", settings.journal, "the file to write")->required();
  app.add_option("--changes", settings.changes)->check(CLI::Range(1, 100'000'000));
  app.add_option("--seed", settings.seed);
  app.add_option("--identities", settings.identities)->check(CLI::Range(1, 10'000'000));
  app.add_option("--writers", settings.writers)->check(CLI::Range(1, 1024));
  app.add_option("--rate", settings.rate, "changes a second; 0: no bound");
  app.add_option("--near-limit", settings.mix.near_limit, "share of such changes");
  app.add_option("--oversized", settings.mix.oversized, "share of such changes");
  CLI11_PARSE(app, argc, argv);
  return tidemark::ledger::Run(settings);
}
