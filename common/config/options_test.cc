#include "common/config/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "common/config/installation.h"
#include "common/testing/temp_directory.h"

namespace tidemark::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// A program with one option of each kind.
class OptionsTest : public ::testing::Test {
 protected:
  struct Config {
    std::string text = "abc";
    int lanes = 4;
    bool eager = false;
    absl::Duration timeout = absl::Seconds(2);
    Address listen = {"127.0.0.1", 7001};
    std::string level = "info";
    std::int64_t memory = 64 << 20;
    Secret password;
    std::optional<Keyring> keyring;
  };

  absl::StatusOr<Invocation> Load(std::vector<std::string> args) {
    Options options("test-service", "Tests options.");
    options.Add("text", &config_.text, {1, 8}, "A text.");
    options.Add("lanes", &config_.lanes, {1, 64}, "A number.");
    options.Add("eager", &config_.eager, "A truth.");
    options.Add("timeout", &config_.timeout, {absl::Milliseconds(1), absl::Minutes(1)},
                "A duration.");
    options.Add("listen", &config_.listen, "An address.");
    options.AddChoice("level", &config_.level, {"info", "debug"}, "A choice.");
    options.AddByteSize("memory", &config_.memory, {1 << 20, 1 << 30}, "A size.");
    options.AddSecret("password", &config_.password, presence_, "A secret.",
                      [](const std::string& secret) {
                        return secret == "hush" ? absl::InvalidArgumentError("not loud enough")
                                                : absl::OkStatus();
                      });
    options.AddKeyring("keyring", &config_.keyring, Options::Presence::kOptional, "Keys.");
    options.AddCommand("migrate", "Migrates.");
    options.CheckToServe([this] {
      return config_.lanes == 17 ? absl::InvalidArgumentError("lanes: 17 can't serve")
                                 : absl::OkStatus();
    });
    options.Check([this] {
      return config_.lanes == 13 ? absl::InvalidArgumentError("lanes: 13 is no good")
                                 : absl::OkStatus();
    });
    args.insert(args.begin(), "program");
    std::vector<const char*> argv;
    for (const std::string& arg : args) argv.push_back(arg.c_str());
    return options.Load(static_cast<int>(argv.size()), argv.data(),
                        [this](const std::string& name) -> std::optional<std::string> {
                          const auto found = environment_.find(name);
                          if (found == environment_.end()) return std::nullopt;
                          return found->second;
                        });
  }

  std::string FaultsOf(std::vector<std::string> args) {
    return std::string(Load(std::move(args)).status().message());
  }

  Config config_;
  Options::Presence presence_ = Options::Presence::kOptional;
  std::map<std::string, std::string> environment_;
  const tidemark::testing::TempDirectory files_;
};

TEST_F(OptionsTest, DefaultsHoldWithoutAnySource) {
  const auto invocation = Load({});
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_EQ(config_.timeout, absl::Seconds(2));
  EXPECT_EQ(invocation->command, "");
  EXPECT_EQ(invocation->output, "");
}

TEST_F(OptionsTest, ReadsEveryKindFromFlags) {
  const auto invocation = Load({"--text=x y", "--lanes", "5", "--eager", "--timeout", "250ms",
                                "--listen", "[::1]:0", "--level", "debug", "--memory", "8MiB"});
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_EQ(config_.text, "x y");
  EXPECT_EQ(config_.lanes, 5);
  EXPECT_TRUE(config_.eager);
  EXPECT_EQ(config_.timeout, absl::Milliseconds(250));
  EXPECT_EQ(config_.listen, (Address{"::1", 0}));
  EXPECT_EQ(config_.level, "debug");
  EXPECT_EQ(config_.memory, 8 << 20);
}

TEST_F(OptionsTest, FlagWinsOverEnvironmentOverFile) {
  const std::string path = files_.Write(
      "precedence.toml", "text = \"file\"\nlanes = 7\ntimeout = \"7s\"\neager = true\n");
  environment_ = {{"TIDEMARK_TEST_SERVICE_LANES", "8"}, {"TIDEMARK_TEST_SERVICE_TIMEOUT", "8s"}};
  const auto invocation = Load({"--config", path, "--timeout", "9s"});
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_EQ(config_.text, "file");
  EXPECT_TRUE(config_.eager);
  EXPECT_EQ(config_.lanes, 8);
  EXPECT_EQ(config_.timeout, absl::Seconds(9));
  std::map<std::string, std::string> sources;
  for (const Effective& option : invocation->options) sources[option.name] = option.source;
  EXPECT_EQ(sources["text"], "file");
  EXPECT_EQ(sources["lanes"], "environment");
  EXPECT_EQ(sources["timeout"], "flag");
  EXPECT_EQ(sources["level"], "default");
}

TEST(OptionsOfTheCliTest, TheProgramAndItsVariablesHaveNoServiceInTheirNames) {
  Options options("", "The CLI.");
  int lanes = 4;
  options.Add("lanes", &lanes, {1, 64}, "A number.");
  const char* argv[] = {"tidemark"};
  const auto variables = [](const std::string& name) -> std::optional<std::string> {
    if (name == "TIDEMARK_LANES") return "9";
    return std::nullopt;
  };
  ASSERT_TRUE(options.Load(1, argv, variables).ok());
  EXPECT_EQ(lanes, 9);
}

TEST(OptionsOfTheCliTest, FlagsTellWhatHelpShows) {
  Options options("", "The CLI.");
  int lanes = 4;
  bool eager = false;
  Secret password;
  options.Add("lanes", &lanes, {1, 64}, "A number.");
  options.Add("eager", &eager, "A truth.");
  options.AddSecret("password", &password, Options::Presence::kOptional, "A secret.");
  const std::vector<Flag> flags = options.Flags();
  ASSERT_EQ(flags.size(), 4);
  EXPECT_EQ(flags[0].key, "config");
  EXPECT_EQ(flags[1].key, "lanes");
  EXPECT_EQ(flags[1].type, "NUMBER 1..64");
  EXPECT_EQ(flags[1].help, "A number. Default: 4.");
  EXPECT_FALSE(flags[1].is_switch);
  EXPECT_TRUE(flags[2].is_switch);
  EXPECT_EQ(flags[3].key, "password-file");
  EXPECT_EQ(flags[3].help, "A secret. The secret itself may stand in TIDEMARK_PASSWORD.");
}

TEST_F(OptionsTest, AnEmptyVariableCountsAsAbsent) {
  environment_ = {{"TIDEMARK_TEST_SERVICE_LANES", ""}};
  EXPECT_TRUE(Load({}).ok());
  EXPECT_EQ(config_.lanes, 4);
}

TEST_F(OptionsTest, TheFileMayBeNamedByTheEnvironment) {
  environment_ = {
      {"TIDEMARK_TEST_SERVICE_CONFIG", files_.Write("named.toml", "text = 'a, # b'\n")}};
  ASSERT_TRUE(Load({}).ok());
  EXPECT_EQ(config_.text, "a, # b");
}

TEST_F(OptionsTest, ReportsAllFaultsOfAllSourcesAtOnce) {
  presence_ = Options::Presence::kRequired;
  const std::string path =
      files_.Write("faults.toml", "lanes = 65\ncolour = 'red'\n[text]\nx = 1\n");
  environment_ = {{"TIDEMARK_TEST_SERVICE_TIMEOUT", "90s"},
                  {"TIDEMARK_TEST_SERVICE_MEMORY", "lots"}};
  const std::string faults = FaultsOf(
      {"--config", path, "migrat", "--listen", "nowhere", "--verbose", "--level=loud", "--text"});
  EXPECT_THAT(faults, HasSubstr("faults.toml: lanes: \"65\" is outside of 1..64"));
  EXPECT_THAT(faults, HasSubstr("faults.toml: colour: no such option"));
  EXPECT_THAT(faults, HasSubstr("faults.toml: text.x: no such option"));
  EXPECT_THAT(faults, HasSubstr("TIDEMARK_TEST_SERVICE_TIMEOUT: \"90s\" is outside of 1ms..1m"));
  EXPECT_THAT(faults, HasSubstr("TIDEMARK_TEST_SERVICE_MEMORY: \"lots\" is not a size"));
  EXPECT_THAT(faults, HasSubstr("--listen: \"nowhere\" is not an address"));
  EXPECT_THAT(faults, HasSubstr("--verbose: no such option"));
  EXPECT_THAT(faults, HasSubstr("--level: \"loud\" is not one of info|debug"));
  EXPECT_THAT(faults, HasSubstr("migrat: no such option or command"));
  EXPECT_THAT(faults, HasSubstr("--text"));
  EXPECT_THAT(faults, HasSubstr("--password-file: missing"));
}

TEST_F(OptionsTest, AFlagGivenTwiceIsAFault) {
  EXPECT_EQ(FaultsOf({"--lanes", "1", "--lanes", "2"}), "--lanes: given more than once");
}

TEST_F(OptionsTest, AFileThatIsNoTomlIsAFaultWithItsLine) {
  EXPECT_THAT(FaultsOf({"--config", files_.Write("broken.toml", "lanes = 3\ntext 'x'\n")}),
              HasSubstr("broken.toml: line 2"));
  EXPECT_THAT(FaultsOf({"--config", files_.Write("list.toml", "lanes = [1, 2]\n")}),
              HasSubstr("line 1: lanes: not a string"));
  EXPECT_THAT(FaultsOf({"--config", "/does/not/exist"}), HasSubstr("can't be opened"));
}

TEST_F(OptionsTest, RulesOverSeveralOptionsAreChecked) {
  EXPECT_EQ(FaultsOf({"--lanes=13"}), "lanes: 13 is no good");
}

TEST_F(OptionsTest, WhatOnlyServingNeedsIsNotAskedOfACommand) {
  EXPECT_EQ(FaultsOf({"--lanes=17"}), "lanes: 17 can't serve");
  EXPECT_TRUE(Load({"migrate", "--lanes=17"}).ok());
}

TEST_F(OptionsTest, ASecretsRuleIsCheckedWithAllOthers) {
  environment_ = {{"TIDEMARK_TEST_SERVICE_PASSWORD", "hush"}};
  EXPECT_THAT(FaultsOf({"--lanes=99"}),
              AllOf(HasSubstr("TIDEMARK_TEST_SERVICE_PASSWORD: not loud enough"),
                    HasSubstr("--lanes"), Not(HasSubstr("hush"))));
}

TEST_F(OptionsTest, SecretsComeFromFilesAndEnvironmentAndAreNeverShown) {
  const auto from_file = Load({"--password-file", files_.Write("secret", "hunter2\n")});
  ASSERT_TRUE(from_file.ok()) << from_file.status();
  EXPECT_EQ(config_.password.Reveal(), "hunter2");
  for (const Effective& option : from_file->options) {
    EXPECT_THAT(option.value, Not(HasSubstr("hunter2")));
  }
  std::ostringstream printed;
  printed << config_.password;
  EXPECT_EQ(printed.str(), "(hidden)");

  environment_ = {{"TIDEMARK_TEST_SERVICE_PASSWORD", "hunter3"}};
  ASSERT_TRUE(Load({}).ok());
  EXPECT_EQ(config_.password.Reveal(), "hunter3");
}

TEST_F(OptionsTest, FaultySecretsAreReportedWithoutTheirText) {
  for (const auto& args :
       std::vector<std::vector<std::string>>{{"--password", "hunter2"}, {"--password=hunter2"}}) {
    EXPECT_THAT(FaultsOf(args),
                AllOf(HasSubstr("--password: no such option"), Not(HasSubstr("hunter2"))));
  }
  environment_ = {{"TIDEMARK_TEST_SERVICE_KEYRING", "k:hunter2"}};
  EXPECT_THAT(FaultsOf({"--password-file", "/does/not/exist"}),
              AllOf(HasSubstr("TIDEMARK_TEST_SERVICE_KEYRING: line 1"),
                    HasSubstr("--password-file: \"/does/not/exist\" can't be opened"),
                    Not(HasSubstr("hunter2"))));
  environment_ = {{"TIDEMARK_TEST_SERVICE_PASSWORD", "hunter3"}};
  EXPECT_THAT(FaultsOf({"--password-file", files_.Write("both", "hunter2")}),
              AllOf(HasSubstr("give one of them"), Not(HasSubstr("hunter"))));
}

TEST_F(OptionsTest, ACommandMayStandBeforeOrAfterFlags) {
  for (const auto& args : std::vector<std::vector<std::string>>{{"migrate", "--lanes", "9"},
                                                                {"--lanes", "9", "migrate"}}) {
    config_.lanes = 1;
    const auto invocation = Load(args);
    ASSERT_TRUE(invocation.ok()) << invocation.status();
    EXPECT_EQ(invocation->command, "migrate");
    EXPECT_EQ(config_.lanes, 9);
  }
}

TEST_F(OptionsTest, HelpTellsRangesUnitsAndDefaults) {
  const auto help = Load({"--help", "--lanes=0"});
  ASSERT_TRUE(help.ok()) << help.status();
  EXPECT_THAT(help->output,
              AllOf(HasSubstr("DURATION 1ms..1m"), HasSubstr("A duration. Default: 2s."),
                    HasSubstr("SIZE 1MiB..1GiB"), HasSubstr("migrate"),
                    HasSubstr("TIDEMARK_TEST_SERVICE_PASSWORD")));
  const auto version = Load({"--version"});
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_THAT(version->output, StartsWith("tidemark-test-service 0."));
}

TEST(InstallationTest, RefusesWhatWouldBreakArns) {
  const auto faults = [](std::vector<const char*> argv) {
    Installation installation;
    Options options("test", "");
    Declare(options, installation);
    argv.insert(argv.begin(), "program");
    return std::string(options
                           .Load(static_cast<int>(argv.size()), argv.data(),
                                 [](const std::string&) { return std::nullopt; })
                           .status()
                           .message());
  };
  EXPECT_THAT(faults({}), IsEmpty());
  EXPECT_THAT(faults({"--account-id=12345678901x", "--region=us:east"}),
              AllOf(HasSubstr("--account-id: not 12 digits"), HasSubstr("--region: only")));
  EXPECT_THAT(faults({"--account-id=1"}), HasSubstr("not 12 bytes long"));
}

}  // namespace
}  // namespace tidemark::config
