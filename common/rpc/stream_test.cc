#include "common/rpc/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "common/errors/error.h"
#include "common/rpc/testing/echo_fixture.h"

namespace tidemark::rpc {
namespace {

using testing::v1::ExportResponse;
using testing::v1::WatchResponse;
using ::tidemark::testing::Eventually;

constexpr char kWatchMethod[] = "tidemark.rpc.testing.v1.EchoService/Watch";
constexpr char kExportMethod[] = "tidemark.rpc.testing.v1.EchoService/Export";

class StreamTest : public testing::EchoTest {
 protected:
  using Watch = std::unique_ptr<grpc::ClientReader<WatchResponse>>;
  using Export = std::unique_ptr<grpc::ClientReader<ExportResponse>>;

  static WatchResponse Number(std::int64_t number) {
    WatchResponse response;
    response.set_number(number);
    return response;
  }

  // The reader of a started Watch and the writer at its other end.
  Watch StartWatch(std::optional<StreamWriter<WatchResponse>>& writer) {
    std::promise<StreamWriter<WatchResponse>> started;
    echo_.watch = [&](const Call&, StreamWriter<WatchResponse> given) {
      started.set_value(std::move(given));
    };
    Watch reader = stub_->Watch(&context_, {});
    writer = started.get_future().get();
    return reader;
  }

  double Count(const char* method, const char* code) const {
    return Metric("rpcs_total", {{"method", method}, {"code", code}});
  }

  grpc::ClientContext context_;
};

TEST_F(StreamTest, SendsInOrderFromAnotherThreadAndEndsWithItsStatus) {
  std::optional<StreamWriter<WatchResponse>> writer;
  const Watch reader = StartWatch(writer);
  std::thread producer([&writer] {
    for (int i = 1; i <= 100; ++i) EXPECT_TRUE(writer->Write(Number(i)).ok());
    writer->Finish(errors::InvalidFields({{"f", "d"}}));
  });
  WatchResponse response;
  for (int i = 1; i <= 100; ++i) {
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_EQ(response.number(), i);
  }
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(errors::ReasonOf(FromGrpc(reader->Finish())), errors::v1::ERROR_REASON_INVALID_FIELD);
  producer.join();
  EXPECT_EQ(log_.Of("Watch").at(0)["messages"], 100);
}

TEST_F(StreamTest, AStreamWhoseClientGoesEndsByItself) {
  std::optional<StreamWriter<WatchResponse>> writer;
  const Watch reader = StartWatch(writer);
  std::promise<void> gone;
  writer->NotifyGone([&gone] { gone.set_value(); });
  context_.TryCancel();
  gone.get_future().wait();
  EXPECT_TRUE(Eventually([&] { return Count(kWatchMethod, "CANCELLED") == 1; }));
  EXPECT_TRUE(writer->over());
  EXPECT_EQ(writer->TryWrite(Number(1)), Offer::kOver);
  bool told = false;
  writer->NotifyGone([&told] { told = true; });
  EXPECT_TRUE(told) << "whoever asks late is told at once";
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(StreamTest, AWriterThatIsLetGoEndsTheStreamAsAFault) {
  std::optional<StreamWriter<WatchResponse>> writer;
  const Watch reader = StartWatch(writer);
  writer.reset();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::INTERNAL);
}

TEST_F(StreamTest, AClientThatDoesNotReadHoldsTheProducerBack) {
  std::optional<StreamWriter<WatchResponse>> writer;
  const Watch reader = StartWatch(writer);
  // gRPC's own buffers take some, then the stream's bound holds.
  WatchResponse message;
  message.set_text(std::string(100'000, 'x'));
  int written = 0;
  absl::Status status;
  while (status.ok()) {
    message.set_number(written + 1);
    status = writer->Write(message, absl::Milliseconds(100));
    if (status.ok()) ++written;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  Offer last;
  while ((last = writer->TryWrite(message)) == Offer::kTaken) message.set_number(++written + 1);
  EXPECT_EQ(last, Offer::kFull);
  writer->Finish(absl::OkStatus());
  WatchResponse response;
  int read = 0;
  while (reader->Read(&response)) EXPECT_EQ(response.number(), ++read);
  EXPECT_EQ(read, written);
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(StreamTest, ABlockingStreamRunsOnTheExecutorAndEndsWithItsBody) {
  echo_.export_body = [](const Call&, const StreamWriter<ExportResponse>& writer) {
    ExportResponse response;
    for (int i = 1; i <= 50; ++i) {
      response.set_number(i);
      absl::Status written = writer.Write(response);
      if (!written.ok()) return written;
    }
    return absl::OkStatus();
  };
  const Export reader = stub_->Export(&context_, {});
  ExportResponse response;
  int read = 0;
  while (reader->Read(&response)) EXPECT_EQ(response.number(), ++read);
  EXPECT_EQ(read, 50);
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(StreamTest, ABlockedProducerIsReleasedWhenItsClientGoes) {
  std::promise<absl::Status> stopped;
  std::promise<void> began;
  echo_.export_body = [&](const Call& call, const StreamWriter<ExportResponse>& writer) {
    ExportResponse response;
    response.set_text(std::string(100'000, 'x'));
    began.set_value();
    absl::Status written;
    while (written.ok()) written = writer.Write(response, absl::InfiniteDuration());
    EXPECT_TRUE(call.Cancelled());
    stopped.set_value(written);
    return written;
  };
  const Export reader = stub_->Export(&context_, {});
  began.get_future().wait();
  context_.TryCancel();
  EXPECT_EQ(stopped.get_future().get().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(Eventually([&] { return Count(kExportMethod, "CANCELLED") == 1; }));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(StreamTest, AFullExecutorRefusesABlockingStream) {
  std::promise<void> running;
  std::promise<void> release;
  ASSERT_TRUE(executor_.TryRun([&] {
    running.set_value();
    release.get_future().wait();
  }));
  running.get_future().wait();
  ASSERT_TRUE(executor_.TryRun([] {}));
  const Export reader = stub_->Export(&context_, {});
  EXPECT_EQ(errors::ReasonOf(FromGrpc(reader->Finish())), errors::v1::ERROR_REASON_QUEUE_FULL);
  release.set_value();
}

}  // namespace
}  // namespace tidemark::rpc
