#include "services/gateway/wire/services.h"

#include <google/protobuf/arena.h>
#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/time/clock.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "services/gateway/wire/amazon_error.h"
#include "services/gateway/wire/calls_in_flight.h"
#include "services/gateway/wire/health.h"
#include "tidemark/dataset/v1/dataset_service.grpc.pb.h"
#include "tidemark/stream_config/v1/stream_config_service.grpc.pb.h"

namespace tidemark::gateway {
namespace {

using Dataset = dataset::v1::DatasetService::StubInterface::async_interface;
using StreamConfig = stream_config::v1::StreamConfigService::StubInterface::async_interface;
using OnStatus = std::function<void(grpc::Status)>;

// A method of a stub, in the form that calls back.
template <typename Codec, typename Stub>
using Method = void (Stub::*)(grpc::ClientContext*, const typename Codec::Request*,
                              typename Codec::Response*, OnStatus);

// What every call needs.
struct Line {
  Random& random;
  CallsInFlight in_flight;
};

// A call on its way, kept by its callback.
template <typename Codec>
struct InFlight {
  std::unique_ptr<Pending> pending;
  const std::shared_ptr<grpc::ClientContext> context = std::make_shared<grpc::ClientContext>();
  google::protobuf::Arena arena;  // of the response, which has many parts
  typename Codec::Request request;
  typename Codec::Response& response =
      *google::protobuf::Arena::CreateMessage<typename Codec::Response>(&arena);

  void Answer(const absl::Status& status) {
    if (!status.ok()) return pending->Fail(status);
    std::string body;
    Codec::Encode(request, response, body);
    pending->Succeed(std::move(body));
  }
};

// Sends a request; `done(flight, status)` gets the answer.
template <typename Codec, typename Stub, typename Done>
void Send(Stub* stub, Method<Codec, Stub> method, Line& line,
          std::unique_ptr<InFlight<Codec>> flight, Done done) {
  InFlight<Codec>* const raw = flight.release();
  rpc::PassOn(raw->pending->exchange().call(), line.random, *raw->context);
  line.in_flight.Add(raw->context);
  (stub->*method)(raw->context.get(), &raw->request, &raw->response,
                  [raw, &line, done = std::move(done)](const grpc::Status& status) {
                    line.in_flight.Remove(raw->context);
                    done(std::unique_ptr<InFlight<Codec>>(raw), rpc::FromGrpc(status));
                  });
}

// An operation that is one call of one service.
template <typename Codec, typename Stub>
void RunUnary(Stub* stub, Method<Codec, Stub> method, Line& line, const OperationInput& input,
              std::unique_ptr<Pending> pending) {
  auto flight = std::make_unique<InFlight<Codec>>();
  flight->pending = std::move(pending);
  if (const absl::Status status = Codec::Decode(input, flight->request); !status.ok()) {
    return flight->pending->Fail(status);
  }
  Send<Codec>(stub, method, line, std::move(flight),
              [](std::unique_ptr<InFlight<Codec>> done, const absl::Status& status) {
                done->Answer(status);
              });
}

// Whatever else changes the pool meanwhile shows as one error.
absl::Status AsConcurrentModification(const absl::Status& status) {
  if (status.ok()) return status;
  const AmazonError error = ToAmazonError(status);
  if (error.name != ErrorName::kResourceConflict) return status;
  return WireError(ErrorName::kConcurrentModification, error.message);
}

// Reads the pool's version and changes that version, so that of two who write at the same time one
// learns of the other (contract section 11, row 11).
void RunSetIdentityPoolConfiguration(StreamConfig* stub, Line& line, const OperationInput& input,
                                     std::unique_ptr<Pending> pending) {
  using Read = InFlight<GetIdentityPoolConfigurationCodec>;
  using Write = InFlight<SetIdentityPoolConfigurationCodec>;
  auto write = std::make_unique<Write>();
  if (const absl::Status status = SetIdentityPoolConfigurationCodec::Decode(input, write->request);
      !status.ok()) {
    return pending->Fail(status);
  }
  auto read = std::make_unique<Read>();
  read->pending = std::move(pending);
  read->request.set_identity_pool_id(input.identity_pool_id);
  Send<GetIdentityPoolConfigurationCodec>(
      stub, &StreamConfig::GetPool, line, std::move(read),
      [stub, &line, raw = write.release()](std::unique_ptr<Read> done, const absl::Status& status) {
        std::unique_ptr<Write> next(raw);
        const bool changes_nothing = next->request.update_mask().paths().empty();
        if (!status.ok() || changes_nothing) return done->Answer(status);
        next->request.set_expected_version(done->response.pool().version());
        next->pending = std::move(done->pending);
        Send<SetIdentityPoolConfigurationCodec>(
            stub, &StreamConfig::UpdatePool, line, std::move(next),
            [](std::unique_ptr<Write> written, const absl::Status& outcome) {
              written->Answer(AsConcurrentModification(outcome));
            });
      });
}

}  // namespace

struct Services::Stubs {
  Stubs(const Options& options, Random& random)
      : line{.random = random, .in_flight = {}},
        dataset_channel(rpc::MakeChannel(options.dataset_address, {.heed_health = true})),
        stream_config_channel(
            rpc::MakeChannel(options.stream_config_address, {.heed_health = true})),
        dataset(dataset::v1::DatasetService::NewStub(dataset_channel)),
        stream_config(stream_config::v1::StreamConfigService::NewStub(stream_config_channel)) {}

  Line line;
  const std::shared_ptr<grpc::Channel> dataset_channel;
  const std::shared_ptr<grpc::Channel> stream_config_channel;
  const std::unique_ptr<dataset::v1::DatasetService::Stub> dataset;
  const std::unique_ptr<stream_config::v1::StreamConfigService::Stub> stream_config;
};

Services::Services(const Options& options, Random& random)
    : timeout_(options.timeout), stubs_(std::make_unique<Stubs>(options, random)) {}

Services::~Services() = default;

void Services::Run(Operation operation, const OperationInput& input,
                   std::unique_ptr<Pending> pending) {
  pending->exchange().call().deadline = absl::Now() + timeout_;
  Dataset* const dataset = stubs_->dataset->async();
  StreamConfig* const config = stubs_->stream_config->async();
  Line& line = stubs_->line;
  switch (operation) {
    case Operation::kListDatasets:
      return RunUnary<ListDatasetsCodec>(dataset, &Dataset::ListDatasets, line, input,
                                         std::move(pending));
    case Operation::kDescribeDataset:
      return RunUnary<DescribeDatasetCodec>(dataset, &Dataset::DescribeDataset, line, input,
                                            std::move(pending));
    case Operation::kDeleteDataset:
      return RunUnary<DeleteDatasetCodec>(dataset, &Dataset::DeleteDataset, line, input,
                                          std::move(pending));
    case Operation::kListRecords:
      return RunUnary<ListRecordsCodec>(dataset, &Dataset::ListRecords, line, input,
                                        std::move(pending));
    case Operation::kUpdateRecords:
      return RunUnary<UpdateRecordsCodec>(dataset, &Dataset::UpdateRecords, line, input,
                                          std::move(pending));
    case Operation::kDescribeIdentityUsage:
      return RunUnary<DescribeIdentityUsageCodec>(dataset, &Dataset::DescribeIdentityUsage, line,
                                                  input, std::move(pending));
    case Operation::kDescribeIdentityPoolUsage:
      return RunUnary<DescribeIdentityPoolUsageCodec>(dataset, &Dataset::DescribeIdentityPoolUsage,
                                                      line, input, std::move(pending));
    case Operation::kListIdentityPoolUsage:
      return RunUnary<ListIdentityPoolUsageCodec>(dataset, &Dataset::ListIdentityPoolUsage, line,
                                                  input, std::move(pending));
    case Operation::kGetIdentityPoolConfiguration:
      return RunUnary<GetIdentityPoolConfigurationCodec>(config, &StreamConfig::GetPool, line,
                                                         input, std::move(pending));
    case Operation::kSetIdentityPoolConfiguration:
      return RunSetIdentityPoolConfiguration(config, line, input, std::move(pending));
    case Operation::kBulkPublish:
      return RunUnary<BulkPublishCodec>(config, &StreamConfig::StartBulkPublish, line, input,
                                        std::move(pending));
    case Operation::kGetBulkPublishDetails:
      return RunUnary<GetBulkPublishDetailsCodec>(config, &StreamConfig::GetBulkPublish, line,
                                                  input, std::move(pending));
    case Operation::kGetCognitoEvents:
    case Operation::kRegisterDevice:
    case Operation::kSetCognitoEvents:
    case Operation::kSubscribeToDataset:
    case Operation::kUnsubscribeFromDataset:
      return pending->Fail(
          WireError(ErrorName::kUnsupportedOperation,
                    "this operation is not available in this version of Tidemark"));
  }
}

void Services::GiveUp() { stubs_->line.in_flight.GiveUp(); }

std::vector<obs::Readiness::Check> Services::Checks() const {
  return {ServesCheck("dataset", stubs_->dataset_channel)};
}

}  // namespace tidemark::gateway
