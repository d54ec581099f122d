#include "cli/completion.h"

#include "cli/testing/cli_fixture.h"

namespace tidemark::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

class CompletionTest : public testing::CliTest {
 protected:
  std::vector<std::string> Complete(std::vector<std::string> words) {
    words.insert(words.begin(), {"__complete", "bash", "--"});
    std::vector<std::string> candidates;
    std::istringstream lines(Tidemark(std::move(words)).out);
    for (std::string line; std::getline(lines, line);) candidates.push_back(line);
    return candidates;
  }
};

TEST_F(CompletionTest, OffersNounsThenVerbs) {
  EXPECT_THAT(Complete({"p"}), ElementsAre("pool", "parked", "publisher"));
  EXPECT_THAT(Complete({"bulk", ""}), ElementsAre("start", "status"));
  EXPECT_THAT(Complete({""}), Contains("completion"));
  EXPECT_THAT(Complete({""}), Not(Contains("__complete")));
}

TEST_F(CompletionTest, OffersTheFlagsOfTheCommandAndThoseOfEvery) {
  EXPECT_THAT(Complete({"pool", "update", "x", "--"}),
              IsSupersetOf({"--stream-status", "--output", "--help"}));
  EXPECT_THAT(Complete({"pool", "list", "--stream"}), ElementsAre("--stream-config"));
}

TEST_F(CompletionTest, OffersAFlagsValues) {
  EXPECT_THAT(Complete({"pool", "list", "-o", ""}), ElementsAre("text", "json"));
  EXPECT_THAT(Complete({"pool", "list", "--output", "=", "j"}), ElementsAre("json"));
  EXPECT_THAT(Complete({"pool", "update", "x", "--stream-status", "e"}), ElementsAre("enabled"));
  EXPECT_THAT(Complete({"pool", "list", "--timeout", ""}), IsEmpty());
  EXPECT_THAT(Complete({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
}

TEST_F(CompletionTest, AFlagsValueIsNoCommand) {
  EXPECT_THAT(Complete({"--config", "pool", "bulk", "star"}), ElementsAre("start"));
  EXPECT_THAT(Complete({"--tls", "bulk", "star"}), ElementsAre("start"));
}

TEST_F(CompletionTest, ShellsThatShowHelpGetIt) {
  EXPECT_EQ(FormatFor("zsh", {{"list", "Lists."}, {"json", ""}}), "list:Lists.\njson\n");
  EXPECT_EQ(FormatFor("fish", {{"list", "Lists."}}), "list\tLists.\n");
  EXPECT_EQ(FormatFor("bash", {{"list", "Lists."}}), "list\n");
}

TEST_F(CompletionTest, EveryShellsScriptAsksTheProgram) {
  for (const std::string& shell : kShells) {
    const testing::Outcome outcome = Tidemark({"completion", shell});
    EXPECT_EQ(outcome.exit_code, kDone);
    EXPECT_THAT(outcome.out, HasSubstr("__complete " + shell));
  }
}

}  // namespace
}  // namespace tidemark::cli
