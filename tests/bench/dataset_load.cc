// Load on the dataset service's gRPC API: a fixed number of calls in flight, each slot with
// identities of its own, so that no update conflicts. Prints one line of JSON:
//   {"calls_per_second": ..., "p50_ms": ..., "p99_ms": ..., "errors": ...}
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/load_report.h"
#include "tidemark/dataset/v1/dataset_service.grpc.pb.h"

namespace tidemark::bench {
namespace {

namespace v1 = dataset::v1;

struct Settings {
  std::string address = "127.0.0.1:7001";
  std::string pool;
  std::string operation = "update";  // or "list"
  bool as_identity = false;          // else as a developer
  int in_flight = 256;
  int identities = 4;  // of each slot
  int records = 20;    // of each dataset
  int value_bytes = 100;
  double seconds = 5;
};

// One identity's dataset, as its only writer knows it.
struct Device {
  std::string identity;
  std::string token;
  std::int64_t count = 0;
};

// A slot: one call in flight at a time, over its devices in turn.
class Slot {
 public:
  Slot(const Settings& settings, v1::DatasetService::Stub& stub, int number)
      : settings_(settings), stub_(stub) {
    // Identities differ between runs, so that a run finds no datasets of another.
    const std::int64_t run = absl::ToUnixMillis(absl::Now());
    for (int i = 0; i < settings.identities; ++i) {
      devices_.push_back(
          {absl::StrCat("us-east-1:", absl::Hex(run), "-", absl::Hex(number), "-", absl::Hex(i)),
           "", 0});
    }
  }

  // Creates the datasets. False after an error, which is printed.
  bool Prepare() {
    for (Device& device : devices_) {
      grpc::ClientContext list_context;
      v1::ListRecordsResponse listed;
      const grpc::Status status = stub_.ListRecords(&list_context, ListOf(device), &listed);
      if (!status.ok()) return Complain(status);
      device.token = listed.sync_session_token();
      v1::UpdateRecordsRequest request = UpdateOf(device);
      for (int i = 1; i < settings_.records; ++i) {
        *request.add_record_patches() = request.record_patches(0);
        request.mutable_record_patches(i)->set_key(absl::StrCat("key-", i));
      }
      grpc::ClientContext context;
      v1::UpdateRecordsResponse updated;
      const grpc::Status created = stub_.UpdateRecords(&context, request, &updated);
      if (!created.ok()) return Complain(created);
      device.count = 1;
    }
    return true;
  }

  // Calls until `stop`, then releases `ended`.
  void Start(const std::atomic<bool>& stop, std::counting_semaphore<>& ended) {
    stop_ = &stop;
    ended_ = &ended;
    Next();
  }

  const std::vector<double>& millis() const { return millis_; }
  int errors() const { return errors_; }

 private:
  static bool Complain(const grpc::Status& status) {
    std::fprintf(stderr, "%s\n", status.error_message().c_str());
    return false;
  }

  // As whom it calls.
  void Introduce(const Device& device, grpc::ClientContext& context) const {
    if (!settings_.as_identity) return;
    context.AddMetadata("x-tidemark-caller", "identity");
    context.AddMetadata("x-tidemark-principal", device.identity);
  }

  v1::ListRecordsRequest ListOf(const Device& device) const {
    v1::ListRecordsRequest request;
    request.set_identity_pool_id(settings_.pool);
    request.set_identity_id(device.identity);
    request.set_dataset_name("bench");
    return request;
  }

  v1::UpdateRecordsRequest UpdateOf(const Device& device) const {
    v1::UpdateRecordsRequest request;
    request.set_identity_pool_id(settings_.pool);
    request.set_identity_id(device.identity);
    request.set_dataset_name("bench");
    request.set_sync_session_token(device.token);
    v1::RecordPatch* patch = request.add_record_patches();
    patch->set_op(v1::RecordPatch::OP_REPLACE);
    patch->set_key("key-0");
    patch->set_value(std::string(settings_.value_bytes, 'v'));
    patch->set_sync_count(device.count);
    return request;
  }

  void Next() {
    if (stop_->load(std::memory_order_relaxed)) {
      ended_->release();
      return;
    }
    Device& device = devices_[turn_++ % devices_.size()];
    context_ = std::make_unique<grpc::ClientContext>();
    Introduce(device, *context_);
    begin_ = absl::Now();
    if (settings_.operation == "list") {
      list_request_ = ListOf(device);
      stub_.async()->ListRecords(context_.get(), &list_request_, &listed_,
                                 [this](const grpc::Status& status) { Done(status, nullptr); });
    } else {
      request_ = UpdateOf(device);
      stub_.async()->UpdateRecords(
          context_.get(), &request_, &response_,
          [this, &device](const grpc::Status& status) { Done(status, &device); });
    }
  }

  void Done(const grpc::Status& status, Device* updated) {
    millis_.push_back(absl::ToDoubleMilliseconds(absl::Now() - begin_));
    if (!status.ok()) {
      if (errors_++ == 0) Complain(status);
    } else if (updated != nullptr) {
      updated->count = response_.records(0).sync_count();
    }
    Next();
  }

  const Settings& settings_;
  v1::DatasetService::Stub& stub_;
  std::vector<Device> devices_;
  std::size_t turn_ = 0;
  const std::atomic<bool>* stop_ = nullptr;
  std::counting_semaphore<>* ended_ = nullptr;
  std::unique_ptr<grpc::ClientContext> context_;
  v1::UpdateRecordsRequest request_;
  v1::UpdateRecordsResponse response_;
  v1::ListRecordsRequest list_request_;
  v1::ListRecordsResponse listed_;
  absl::Time begin_;
  std::vector<double> millis_;
  int errors_ = 0;
};

bool PrepareAll(std::vector<std::unique_ptr<Slot>>& slots) {
  constexpr int kThreads = 16;
  std::atomic<bool> good = true;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < slots.size() && good; i += kThreads) {
        if (!slots[i]->Prepare()) good = false;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return good;
}

int Run(const Settings& settings) {
  const auto channel = grpc::CreateChannel(settings.address, grpc::InsecureChannelCredentials());
  const auto stub = v1::DatasetService::NewStub(channel);
  std::vector<std::unique_ptr<Slot>> slots;
  for (int i = 0; i < settings.in_flight; ++i) {
    slots.push_back(std::make_unique<Slot>(settings, *stub, i));
  }
  if (!PrepareAll(slots)) return 1;

  std::atomic<bool> stop = false;
  std::counting_semaphore<> ended(0);
  const absl::Time begin = absl::Now();
  for (const auto& slot : slots) slot->Start(stop, ended);
  absl::SleepFor(absl::Seconds(settings.seconds));
  stop = true;
  for (std::size_t i = 0; i < slots.size(); ++i) ended.acquire();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  return Report(slots, seconds);
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
  tidemark::bench::Settings settings;
  CLI::App app{"Load on the dataset service."};
  app.add_option("--address", settings.address, "of the dataset service");
  app.add_option("--pool", settings.pool, "an identity pool that exists")->required();
  app.add_option("--operation", settings.operation)->check(CLI::IsMember({"update", "list"}));
  app.add_flag("--as-identity", settings.as_identity, "call as the identities, not as a developer");
  app.add_option("--in-flight", settings.in_flight, "calls at a time")->check(CLI::Range(1, 4096));
  app.add_option("--identities", settings.identities, "of each slot")->check(CLI::Range(1, 1000));
  app.add_option("--records", settings.records, "of each dataset")->check(CLI::Range(1, 1024));
  app.add_option("--value-bytes", settings.value_bytes)->check(CLI::Range(0, 100'000));
  app.add_option("--seconds", settings.seconds)->check(CLI::Range(0.1, 600.0));
  CLI11_PARSE(app, argc, argv);
  return tidemark::bench::Run(settings);
}
