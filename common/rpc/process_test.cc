#include "common/rpc/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"
#include "common/rpc/testing/echo_service.grpc.pb.h"
#include "common/rpc/testing/health_service.grpc.pb.h"
#include "common/testing/eventually.h"
#include "common/testing/temp_directory.h"

namespace tidemark::rpc {
namespace {

using grpc::health::v1::HealthCheckResponse;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::tidemark::testing::Eventually;

std::string ReadAll(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The program testing/echo_main.cc, run in a directory of its own.
class ProcessTest : public ::testing::Test {
 protected:
  ~ProcessTest() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  void Spawn(std::vector<std::string> args) {
    args.insert(args.begin(), TIDEMARK_ECHO_MAIN);
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    std::string variable = "TIDEMARK_ECHO_PASSWORD=hunter2";
    char* const environment[] = {variable.data(), nullptr};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, Path("out").c_str(), O_CREAT | O_WRONLY, 0600);
    posix_spawn_file_actions_addopen(&files, 2, Path("log").c_str(), O_CREAT | O_WRONLY, 0600);
    ASSERT_EQ(posix_spawn(&pid_, TIDEMARK_ECHO_MAIN, &files, nullptr, argv.data(), environment), 0);
    posix_spawn_file_actions_destroy(&files);
  }

  // Starts serving on free ports; returns where gRPC listens.
  std::string Serve() {
    Spawn({"--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0", "--grace=60s",
           "--port-file=" + Path("ports")});
    EXPECT_TRUE(Eventually([&] { return std::filesystem::exists(Path("ports")); })) << Log();
    const std::string line = ReadAll(Path("ports"));
    const std::size_t begin = line.find("grpc=") + 5;
    return line.substr(begin, line.find(' ', begin) - begin);
  }

  // Waits for the end; the exit code, or minus the signal.
  int Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  std::string Path(const std::string& name) const { return directory_.File(name); }
  std::string Out() const { return ReadAll(Path("out")); }
  std::string Log() const { return ReadAll(Path("log")); }

  const tidemark::testing::TempDirectory directory_;
  pid_t pid_ = 0;
};

TEST_F(ProcessTest, ServesUntilItIsAskedToStop) {
  const std::string target = Serve();
  EXPECT_EQ(Out(), ReadAll(Path("ports")));
  EXPECT_THAT(Out(), MatchesRegex("listening grpc=127.0.0.1:[0-9]+ metrics=127.0.0.1:[0-9]+\n"));
  const auto channel = MakeChannel(target);
  EXPECT_TRUE(Eventually([&] {
    grpc::ClientContext context;
    HealthCheckResponse response;
    return grpc::health::v1::Health::NewStub(channel)->Check(&context, {}, &response).ok() &&
           response.status() == HealthCheckResponse::SERVING;
  }));
  grpc::ClientContext context;
  testing::v1::EchoResponse response;
  EXPECT_TRUE(testing::v1::EchoService::NewStub(channel)->Echo(&context, {}, &response).ok());
  kill(pid_, SIGTERM);
  EXPECT_EQ(Wait(), 0) << Log();
}

TEST_F(ProcessTest, LogsJsonAloneWithItsConfigurationButNoSecrets) {
  Serve();
  kill(pid_, SIGINT);
  ASSERT_EQ(Wait(), 0);
  EXPECT_THAT(Log(), AllOf(HasSubstr("\"msg\":\"The effective configuration.\""),
                           HasSubstr("\"grace\":\"1m\""), HasSubstr("\"password\":\"***\""),
                           HasSubstr("grace=flag"), HasSubstr("password=environment"),
                           Not(HasSubstr("hunter2"))));
  std::istringstream lines(Log());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(nlohmann::json::accept(line)) << line;
    EXPECT_THAT(line, HasSubstr("\"service\":\"echo\""));
  }
}

TEST_F(ProcessTest, ASecondSignalEndsAStopThatHangs) {
  const std::string target = Serve();
  grpc::ClientContext context;
  auto call = std::async([&] {
    testing::v1::BlockResponse response;
    return testing::v1::EchoService::NewStub(MakeChannel(target))
        ->Block(&context, {}, &response)
        .error_code();
  });
  kill(pid_, SIGTERM);
  EXPECT_TRUE(Eventually([&] { return Log().find("Asked to stop.") != std::string::npos; }));
  kill(pid_, SIGTERM);
  EXPECT_EQ(Wait(), -SIGTERM);
  EXPECT_EQ(call.get(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ProcessTest, AFaultyConfigurationEndsWithTwoAndAllFaults) {
  Spawn({"--listen=nowhere", "--grace=1h", "--colour=red"});
  EXPECT_EQ(Wait(), 2);
  EXPECT_THAT(Log(), AllOf(HasSubstr("--listen: \"nowhere\""), HasSubstr("--grace: \"1h\""),
                           HasSubstr("--colour")));
  EXPECT_EQ(Out(), "");
}

TEST_F(ProcessTest, APortThatIsTakenEndsWithOneAndSaysWhich) {
  const std::string target = Serve();
  const pid_t first = std::exchange(pid_, 0);
  Spawn({"--listen=" + target, "--metrics-listen=127.0.0.1:0"});
  EXPECT_EQ(Wait(), 1);
  EXPECT_THAT(Log(), AllOf(HasSubstr("can't listen on " + target), HasSubstr("--listen"),
                           Not(HasSubstr("driver_text"))));
  pid_ = first;
}

TEST_F(ProcessTest, OnePortForCallsAndMetricsIsAFaultyConfiguration) {
  for (const char* metrics : {"127.0.0.1:7999", "0.0.0.0:7999"}) {
    Spawn({"--listen=127.0.0.1:7999", std::string("--metrics-listen=") + metrics});
    EXPECT_EQ(Wait(), 2);
    EXPECT_THAT(Log(), HasSubstr("--listen and --metrics-listen: both take port 7999"));
  }
}

TEST_F(ProcessTest, MigrateIsACommandOfItsOwn) {
  Spawn({"migrate"});
  EXPECT_EQ(Wait(), 0);
  EXPECT_EQ(Out(), "migrated\n");
}

TEST_F(ProcessTest, HelpAndVersionGoToStdout) {
  Spawn({"--help"});
  EXPECT_EQ(Wait(), 0);
  EXPECT_THAT(Out(), AllOf(HasSubstr("tidemark-echo"), HasSubstr("--drain-delay"),
                           HasSubstr("migrate"), HasSubstr("TIDEMARK_ECHO_LOG_LEVEL")));
  EXPECT_EQ(Log(), "");
}

}  // namespace
}  // namespace tidemark::rpc
