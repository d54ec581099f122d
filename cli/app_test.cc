#include "cli/app.h"

#include <filesystem>

#include "cli/testing/cli_fixture.h"
#include "common/base/abseil.h"
#include "common/base/version.h"
#include "common/testing/temp_directory.h"

namespace tidemark::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kPool;
using testing::Outcome;
using ::testing::StartsWith;

using AppTest = testing::CliTest;

TEST_F(AppTest, HelpOfEveryLevelGoesToStdout) {
  EXPECT_THAT(Tidemark({"--help"}).out,
              AllOf(HasSubstr("pool"), HasSubstr("destination"), HasSubstr("--stream-config"),
                    HasSubstr("127.0.0.1:7002"), HasSubstr("Exit status")));
  EXPECT_THAT(Tidemark({"pool", "-h"}).out, AllOf(HasSubstr("update"), HasSubstr("delete")));
  const Outcome outcome = Tidemark({"pool", "update", "--help"});
  EXPECT_EQ(outcome.exit_code, kDone);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("--stream-name"), HasSubstr("enabled|disabled"),
                                 HasSubstr("1 to 16384, default 1024"), HasSubstr("--resume")));
}

TEST_F(AppTest, TellsItsVersion) {
  const Outcome outcome = Tidemark({"--version"});
  EXPECT_EQ(outcome.out, absl::StrCat("tidemark ", ToAbsl(Version()), "\n"));
  EXPECT_EQ(outcome.exit_code, kDone);
}

TEST_F(AppTest, WrongUsageIsToldOnStderrWithTheHelpThatHelps) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{},
        {"pool"},
        {"pond"},
        {"pool", "get"},
        {"pool", "get", kPool, "more"},
        {"pool", "get", kPool, "--bogus"},
        {"pool", "list", "-o", "yaml"},
        {"pool", "list", "--timeout", "5"},
        {"pool", "list", "--stream-config", "nowhere"},
        {"pool", "update", kPool, "--stream-status", "ENABLED"},
        {"pool", "update", kPool, "--expected-version", "-1"},
        {"pool", "update", kPool, "--records-per-dataset", "4294967297"},
        {"pool", "update", kPool, "--no-stream", "--stream-name", "s"},
        {"parked", "replay", kPool, "x"},
        {"parked", "replay", kPool, "0"},
        {"parked", "replay", kPool, "99999999999999999999"},
        {"pool", "update", kPool, "--expected-version", "99999999999999999999"},
        {"completion", "tcsh"}}) {
    const Outcome outcome = Tidemark(arguments);
    EXPECT_EQ(outcome.exit_code, kUsage) << ::testing::PrintToString(arguments);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, StartsWith("error: "));
  }
  EXPECT_THAT(Tidemark({"pool", "get"}).err, HasSubstr("see tidemark pool get --help"));
  EXPECT_THAT(Tidemark({"pond"}).err, HasSubstr("no command \"pond\""));
  EXPECT_THAT(Tidemark({"--versoin"}).err, HasSubstr("no option \"--versoin\""));
  EXPECT_THAT(Tidemark({"pool", "gte", kPool}).err,
              AllOf(HasSubstr("no command \"gte\""), HasSubstr("see tidemark pool --help")));
  EXPECT_THAT(Tidemark({"pool", "get", "--bogus"}).err, HasSubstr("no option \"--bogus\""));
  EXPECT_THAT(pools_.GetPoolCalls.requests, IsEmpty());
}

TEST_F(AppTest, WrongUsageIsADocumentInJson) {
  const Outcome outcome = Tidemark({"pool", "get", "-o", "json"});
  EXPECT_EQ(outcome.exit_code, kUsage);
  EXPECT_EQ(nlohmann::json::parse(outcome.err)["error"]["code"], "USAGE");
}

TEST_F(AppTest, GlobalOptionsMayStandAnywhere) {
  EXPECT_EQ(Tidemark({"-o", "json", "pool", "list"}).json()["pools"].size(), 0);
  EXPECT_EQ(Tidemark({"pool", "list", "--output=json"}).json()["pools"].size(), 0);
  EXPECT_EQ(Tidemark({"pool", "-o", "json", "list"}).json()["pools"].size(), 0);
}

TEST_F(AppTest, FlagWinsOverEnvironmentOverTheFileOfTheUser) {
  const tidemark::testing::TempDirectory home;
  std::filesystem::create_directories(home.File(".config/tidemark"));
  home.Write(".config/tidemark/config.toml",
             "output = \"json\"\npage-size = 7\nstream-config = \"127.0.0.1:1\"\n");
  environment_["HOME"] = home.path();
  EXPECT_EQ(Tidemark({"pool", "list"}).json()["pools"].size(), 0) << "address of the environment";
  environment_["TIDEMARK_PAGE_SIZE"] = "8";
  Tidemark({"pool", "list"});
  Tidemark({"pool", "list", "--page-size", "9"});
  home.Write(".config/tidemark/config.toml", "bogus = 1\n");
  const Outcome outcome = Tidemark({"pool", "list"});
  EXPECT_EQ(outcome.exit_code, kUsage);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("config.toml"), HasSubstr("bogus")));
  ASSERT_EQ(pools_.ListPoolsCalls.requests.size(), 3);
  EXPECT_EQ(pools_.ListPoolsCalls.requests[0].page_size(), 7);
  EXPECT_EQ(pools_.ListPoolsCalls.requests[1].page_size(), 8);
  EXPECT_EQ(pools_.ListPoolsCalls.requests[2].page_size(), 9);
}

TEST_F(AppTest, ANamedFileStandsInThePlaceOfTheUsers) {
  const tidemark::testing::TempDirectory directory;
  const std::string file = directory.Write("named.toml", "page-size = 5\n");
  environment_["TIDEMARK_CONFIG"] = file;
  EXPECT_EQ(Tidemark({"pool", "list"}).exit_code, kDone);
  std::filesystem::remove(file);
  EXPECT_EQ(pools_.ListPoolsCalls.requests[0].page_size(), 5);
  EXPECT_EQ(Tidemark({"pool", "list"}).exit_code, kUsage) << "it is gone";
}

TEST_F(AppTest, TheServiceLearnsWhoCallsAndUnderWhichId) {
  Tidemark({"pool", "list"});
  Tidemark({"pool", "list"});
  const auto& metadata = pools_.ListPoolsCalls.metadata;
  EXPECT_EQ(metadata[0].at("x-tidemark-caller"), "developer");
  EXPECT_EQ(metadata[0].at("x-tidemark-principal"), "tidemark-cli");
  EXPECT_NE(metadata[0].at("x-request-id"), metadata[1].at("x-request-id"));
}

TEST_F(AppTest, ARefusalSaysWhyAndWhatToDo) {
  pools_.GetPoolCalls.Fail(Refusal(absl::StatusCode::kNotFound,
                                   errors::v1::ERROR_REASON_POOL_NOT_FOUND,
                                   "there is no pool \"\x1b[31m\"", {{"identityPoolId", kPool}}));
  const Outcome outcome = Tidemark({"pool", "get", kPool});
  EXPECT_EQ(outcome.exit_code, kRefused);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "error: there is no pool \"\\x1b[31m\"\n"
            "  reason: POOL_NOT_FOUND\n");
}

TEST_F(AppTest, ARefusalIsADocumentInJson) {
  pools_.GetPoolCalls.Fail(rpc::ToGrpc(errors::WithRetryDelay(
      errors::Error(absl::StatusCode::kResourceExhausted, errors::v1::ERROR_REASON_QUEUE_FULL,
                    "full", {{"k", "v"}}),
      absl::Milliseconds(1500))));
  const auto outcome = Tidemark({"pool", "get", kPool, "-o", "json"});
  EXPECT_EQ(outcome.out, "");
  auto error = nlohmann::json::parse(outcome.err)["error"];
  EXPECT_EQ(error["request_id"], pools_.GetPoolCalls.metadata[0].at("x-request-id"));
  error.erase("request_id");
  EXPECT_EQ(error, nlohmann::json::parse(R"({"code": "RESOURCE_EXHAUSTED", "reason": "QUEUE_FULL",
      "message": "full", "metadata": {"k": "v"}, "field_violations": [],
      "retry_delay_seconds": 1.5})"));
}

TEST_F(AppTest, WrongFieldsAreNamedOneByOne) {
  pools_.GetPoolCalls.Fail(rpc::ToGrpc(
      errors::InvalidFields({{"identity_pool_id", "\"x\" is no id"}, {"other", "too long"}})));
  EXPECT_EQ(Tidemark({"pool", "get", "x"}).err,
            "error: 2 fields of the request can't be taken\n"
            "  identity_pool_id: \"x\" is no id\n"
            "  other: too long\n"
            "  reason: INVALID_FIELD\n");
}

TEST_F(AppTest, AFaultIsFoundInTheLogByItsRequestId) {
  pools_.GetPoolCalls.Fail(rpc::ToGrpc(absl::InternalError("oops")));
  const Outcome outcome = Tidemark({"pool", "get", "x"});
  EXPECT_THAT(outcome.err,
              HasSubstr(absl::StrCat("  request id: ",
                                     pools_.GetPoolCalls.metadata.at(0).at("x-request-id"))));
}

TEST_F(AppTest, AServiceThatIsNotThereIsNamedWithItsAddress) {
  server_->Shutdown();
  const Outcome outcome = Tidemark({"pool", "list"});
  EXPECT_EQ(outcome.exit_code, kUnreachable);
  EXPECT_THAT(outcome.err, AllOf(StartsWith("error: the stream-config service at " + address_),
                                 HasSubstr("--stream-config"), HasSubstr("SERVICE_UNAVAILABLE")));
}

TEST_F(AppTest, ASlowServiceIsNamedWithTheTimeItHad) {
  pools_.ListPoolsCalls.Fail({grpc::StatusCode::DEADLINE_EXCEEDED, "gRPC's own"});
  const Outcome outcome = Tidemark({"pool", "list", "--timeout", "20s"});
  EXPECT_EQ(outcome.exit_code, kUnreachable);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("within 20s"), HasSubstr("--timeout")));
}

TEST_F(AppTest, WhatAServiceCantReachIsUnreachableToo) {
  pools_.ListPoolsCalls.Fail(Refusal(absl::StatusCode::kUnavailable,
                                     errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE, "no database"));
  const Outcome outcome = Tidemark({"pool", "list"});
  EXPECT_EQ(outcome.exit_code, kUnreachable);
  EXPECT_THAT(outcome.err, HasSubstr("error: no database\n  reason: DATABASE_UNAVAILABLE"));
}

TEST_F(AppTest, AnotherServiceAtTheAddressIsToldFromARefusal) {
  pools_.ListPoolsCalls.Fail({grpc::StatusCode::UNIMPLEMENTED, ""});
  EXPECT_THAT(Tidemark({"pool", "list"}).err, HasSubstr("is no stream-config service"));
}

TEST_F(AppTest, CertificatesWantTls) {
  EXPECT_THAT(Tidemark({"pool", "list", "--tls-ca-file", "ca"}).err, HasSubstr("--tls is missing"));
  EXPECT_THAT(Tidemark({"pool", "list", "--tls", "--tls-certificate-file", "c"}).err,
              HasSubstr("--tls-key-file"));
  const Outcome outcome = Tidemark({"pool", "list", "--tls", "--tls-ca-file", "/nonexistent"});
  EXPECT_EQ(outcome.exit_code, kUsage);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("--tls-ca-file"), HasSubstr("/nonexistent")));
}

TEST_F(AppTest, AKeyComesFromAFileOrTheEnvironmentOnly) {
  const Outcome outcome = Tidemark({"pool", "list", "--tls-key", "hush"});
  EXPECT_EQ(outcome.exit_code, kUsage);
}

}  // namespace
}  // namespace tidemark::cli
