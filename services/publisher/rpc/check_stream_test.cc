#include "services/publisher/rpc/check_stream.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include "common/errors/error.h"
#include "common/rpc/status.h"
#include "tidemark/publisher/v1/publisher_service.grpc.pb.h"

namespace tidemark::publisher {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kRole[] = "arn:aws:iam::123456789012:role/r";
constexpr char kExternalId[] = "0123456789abcdef0123456789abcdef";

class FakeCheck final : public StreamCheck {
 public:
  void Check(const Question& question, absl::Time deadline, Done done) override {
    asked.push_back(question);
    EXPECT_LT(deadline, absl::InfiniteFuture());
    done(answer);
  }

  std::vector<Question> asked;
  absl::StatusOr<std::string> answer = "arn:aws:kinesis:x";
};

// Nothing but the method under test.
class Service final : public v1::PublisherService::CallbackService {
 public:
  explicit Service(StreamCheck& check) : check_(check) {}

  grpc::ServerUnaryReactor* CheckStream(grpc::CallbackServerContext* context,
                                        const v1::CheckStreamRequest* request,
                                        v1::CheckStreamResponse* response) override {
    return calls_.Unary(context, "CheckStream", request, response,
                        [=, this](const rpc::Call& call, const rpc::Done& done) {
                          publisher::CheckStream(check_, call, *request, *response, done);
                        });
  }

 private:
  StreamCheck& check_;
  prometheus::Registry registry_;
  rpc::Calls calls_{v1::PublisherService::service_full_name(), {.service = "publisher"}, registry_};
};

class CheckStreamTest : public ::testing::Test {
 protected:
  CheckStreamTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = v1::PublisherService::NewStub(server_->InProcessChannel({}));
  }

  absl::StatusOr<std::string> Check(const std::string& stream = "changes",
                                    const std::string& role = kRole,
                                    const std::string& external_id = kExternalId) {
    grpc::ClientContext context;
    context.AddMetadata("x-tidemark-caller", caller_);
    context.AddMetadata("x-tidemark-principal", "us-east-1:1b");
    v1::CheckStreamRequest request;
    request.set_stream_name(stream);
    request.set_role_arn(role);
    request.set_external_id(external_id);
    v1::CheckStreamResponse response;
    const absl::Status status = rpc::FromGrpc(stub_->CheckStream(&context, request, &response));
    if (!status.ok()) return status;
    return response.stream_arn();
  }

  std::string caller_ = "developer";
  FakeCheck check_;
  Service service_{check_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::PublisherService::Stub> stub_;
};

TEST_F(CheckStreamTest, AnswersWhatTheCheckFound) {
  EXPECT_EQ(Check().value(), "arn:aws:kinesis:x");
  ASSERT_THAT(check_.asked, SizeIs(1));
  EXPECT_EQ(check_.asked[0].stream_name, "changes");
  EXPECT_EQ(check_.asked[0].role_arn, kRole);
  EXPECT_EQ(check_.asked[0].external_id, kExternalId);
  check_.answer = errors::Error(absl::StatusCode::kFailedPrecondition,
                                errors::v1::ERROR_REASON_STREAM_NOT_FOUND, "no such stream",
                                {{"streamName", "changes"}});
  const absl::Status status = Check().status();
  EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_STREAM_NOT_FOUND);
  EXPECT_EQ(errors::MetadataOf(status, "streamName"), "changes");
}

TEST_F(CheckStreamTest, NamesEveryFieldThatBreaksItsBounds) {
  const auto violations = errors::ViolationsOf(Check("", "", "").status());
  ASSERT_THAT(violations, SizeIs(3));
  EXPECT_EQ(violations[0].field, "stream_name");
  EXPECT_THAT(violations[0].description, HasSubstr("1 to 128"));
  EXPECT_EQ(violations[1].field, "role_arn");
  EXPECT_THAT(violations[1].description, HasSubstr("20 to 2048"));
  EXPECT_EQ(violations[2].field, "external_id");
  EXPECT_THAT(violations[2].description, HasSubstr("32 lower-case"));
  EXPECT_TRUE(check_.asked.empty());
}

TEST_F(CheckStreamTest, BoundsAreThoseOfThePool) {
  const auto fails = [](const absl::StatusOr<std::string>& result) {
    return errors::ReasonOf(result.status()) == errors::v1::ERROR_REASON_INVALID_FIELD;
  };
  EXPECT_TRUE(Check(std::string(128, 'a')).ok());
  EXPECT_TRUE(Check("a_B.9-").ok());
  for (const std::string& name : {std::string(129, 'a'), std::string("a b"), std::string("a/b"),
                                  std::string("arn:aws"), std::string("\xC3\xA9")}) {
    EXPECT_TRUE(fails(Check(name))) << name;
  }
  const std::string head = "arn:aws:iam::1:role/";
  EXPECT_TRUE(Check("s", head).ok());
  EXPECT_TRUE(Check("s", head + std::string(2048 - head.size(), 'r')).ok());
  // As many characters, in more bytes.
  std::string umlauts = head;
  while (umlauts.size() < 2 * 2048 - head.size()) umlauts += "\xC3\xBC";
  EXPECT_TRUE(Check("s", umlauts).ok());
  EXPECT_TRUE(fails(Check("s", umlauts + "r")));
  for (const std::string& role :
       {head + std::string(2049 - head.size(), 'r'), std::string("arn:aws:iam::1:role"),
        std::string("arn:aws:iam::1:role/r\nr"), std::string("arn:aws:iam::1:role/r\0r", 23),
        std::string("arn:aws:iam::a1:role/rrrr"), std::string("arn:aws:iam:::role/rrrrrrr"),
        std::string("arn:aws:iam::1:user/rrrrr")}) {
    EXPECT_TRUE(fails(Check("s", role))) << role;
  }
  EXPECT_TRUE(fails(Check("s", kRole, "0123456789ABCDEF0123456789abcdef")));
  EXPECT_TRUE(fails(Check("s", kRole, std::string(kExternalId) + "0")));
}

TEST_F(CheckStreamTest, IsForDevelopersAlone) {
  caller_ = "identity";
  EXPECT_EQ(errors::ReasonOf(Check().status()), errors::v1::ERROR_REASON_NOT_AUTHORIZED);
  EXPECT_TRUE(check_.asked.empty());
}

}  // namespace
}  // namespace tidemark::publisher
