#include "common/testing/service_process.h"

#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/testing/eventually.h"

namespace tidemark::testing {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

std::string MakeDirectory() {
  std::string name = std::filesystem::temp_directory_path() / "tidemark-service-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    std::cerr << "can't make " << name << std::endl;
    std::abort();
  }
  return name;
}

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The word after `key` in `line`.
std::string Value(const std::string& line, const std::string& key) {
  const std::size_t begin = line.find(key) + key.size();
  return line.substr(begin, line.find_first_of(" \n", begin) - begin);
}

}  // namespace

ServiceProcess::ServiceProcess(Options options)
    : options_(std::move(options)), directory_(MakeDirectory()) {}

ServiceProcess::~ServiceProcess() {
  process_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void ServiceProcess::Start() {
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (TryStart()) return;
  }
  Die("does not start");
}

bool ServiceProcess::TryStart() {
  const std::string ports = directory_ + "/ports";
  std::filesystem::remove(ports);
  std::vector<std::string> command = Command("", {});
  command.push_back("--listen=" + address_);
  command.push_back("--metrics-listen=" + metrics_address_);
  command.push_back("--port-file=" + ports);
  process_ = std::make_unique<ChildProcess>(command, directory_, directory_ + "/log");
  bool listens = false;
  Eventually(
      [&] {
        listens = std::filesystem::exists(ports);
        return listens || !process_->Running();
      },
      kPatience);
  if (!listens) return false;
  const std::string line = ReadAll(ports);
  address_ = Value(line, line.find("grpc=") == std::string::npos ? "http=" : "grpc=");
  metrics_address_ = Value(line, "metrics=");
  return true;
}

std::optional<int> ServiceProcess::Stop(absl::Duration patience) {
  process_->Signal(SIGTERM);
  return process_->Wait(patience);
}

void ServiceProcess::Kill9() {
  process_->Signal(SIGKILL);
  process_->Wait(kPatience);
}

void ServiceProcess::Migrate(const std::map<std::string, std::string>& secrets) {
  ChildProcess migrate(Command("migrate", secrets), directory_, directory_ + "/log");
  if (migrate.Wait(kPatience) != 0) Die("can't migrate");
}

std::string ServiceProcess::Log() const { return ReadAll(directory_ + "/log"); }

std::vector<std::string> ServiceProcess::Command(
    const std::string& command, const std::map<std::string, std::string>& secrets) const {
  std::vector<std::string> words = {options_.program};
  if (!command.empty()) words.push_back(command);
  for (const auto& [name, value] : options_.options) {
    words.push_back(absl::StrCat("--", name, "=", value));
  }
  std::map<std::string, std::string> files = options_.secrets;
  files.insert(secrets.begin(), secrets.end());
  for (const auto& [name, secret] : files) {
    const std::string path = absl::StrCat(directory_, "/", name);
    std::ofstream(path) << secret;
    words.push_back(absl::StrCat("--", name, "-file=", path));
  }
  return words;
}

void ServiceProcess::Die(const std::string& what) const {
  std::cerr << options_.program << " " << what << "; its log:\n" << Log() << std::endl;
  std::abort();
}

}  // namespace tidemark::testing
