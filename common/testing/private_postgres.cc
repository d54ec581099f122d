#include "common/testing/private_postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/pg/connection.h"
#include "common/testing/child_process.h"
#include "common/testing/eventually.h"

namespace tidemark::testing {
namespace {

constexpr char kBin[] = "/usr/lib/postgresql/15/bin/";
constexpr char kUser[] = "tidemark";
constexpr absl::Duration kPatience = absl::Seconds(60);

int FreePort() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool bound = bind(listener, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                     getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(listener);
  return bound ? ntohs(address.sin_port) : 0;
}

std::string MakeDirectory() {
  std::string name = std::filesystem::temp_directory_path() / "tidemark-postgres-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    std::cerr << "can't make " << name << std::endl;
    std::abort();
  }
  return name;
}

std::vector<std::string> Joined(std::vector<std::string> first,
                                const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// PostgreSQL refuses to be root: root becomes another user in a namespace, in which root's files
// are that user's; or, where namespaces are refused, the real user postgres, who is given
// `directory`. The server dies with its parent.
std::vector<std::string> UserPrefix(const std::string& directory) {
  std::vector<std::string> dies = {"setpriv", "--pdeathsig", "KILL"};
  if (geteuid() != 0) return dies;
  const std::vector<std::string> unshare = {"unshare", "--user", "--map-user=1000",
                                            "--map-group=1000"};
  ChildProcess probe(Joined(unshare, {"true"}), "/", "/dev/null");
  if (probe.Wait(kPatience) == 0) return Joined(unshare, dies);
  const passwd* const user = getpwnam("postgres");
  if (user == nullptr || chown(directory.c_str(), user->pw_uid, user->pw_gid) != 0) {
    std::cerr << "no user to run PostgreSQL as" << std::endl;
    std::abort();
  }
  return Joined(dies, {"--reuid=postgres", "--regid=postgres", "--init-groups"});
}

}  // namespace

PrivatePostgres::PrivatePostgres(const std::vector<std::pair<std::string, std::string>>& settings)
    : directory_(MakeDirectory()) {
  prefix_ = UserPrefix(directory_);
  settings_ = {"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="};
  for (const auto& [name, value] : settings) {
    settings_.push_back("-c");
    settings_.push_back(absl::StrCat(name, "=", value));
  }
  ChildProcess initdb(
      Joined(prefix_, {absl::StrCat(kBin, "initdb"), "-D", directory_ + "/data", "-U", kUser,
                       "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"}),
      directory_, directory_ + "/log");
  if (initdb.Wait(kPatience) != 0) Die("initdb failed");
  for (int attempt = 0; attempt < 5; ++attempt) {  // Another process may take the port first.
    port_ = FreePort();
    if (TryStart()) return;
  }
  Die("the server does not start");
}

PrivatePostgres::~PrivatePostgres() {
  Kill9();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string PrivatePostgres::dsn() const {
  return absl::StrCat("postgresql://", kUser, "@127.0.0.1:", port_, "/postgres");
}

bool PrivatePostgres::TryStart() {
  server_ = std::make_unique<ChildProcess>(
      Joined(Joined(prefix_, {absl::StrCat(kBin, "postgres"), "-D", directory_ + "/data", "-p",
                              absl::StrCat(port_)}),
             settings_),
      directory_, directory_ + "/log");
  pg::ConnectOptions options;
  options.dsn = dsn();
  options.check = pg::ServerCheck::kNone;
  bool up = false;
  Eventually(
      [&] {
        up = pg::Connection::Open(options).ok();
        return up || !server_->Running();
      },
      kPatience);
  return up && server_->Running();
}

void PrivatePostgres::Start() {
  if (!TryStart()) Die("the server does not start again");
}

void PrivatePostgres::Stop() {
  server_->Signal(SIGINT);
  if (!server_->Wait(kPatience)) Die("the server does not stop");
}

void PrivatePostgres::Kill9() {
  if (!server_ || !server_->Running()) return;
  Freeze();  // so that none is born meanwhile
  const std::vector<pid_t> processes = ProcessTree(server_->pid());
  for (const pid_t process : processes) kill(process, SIGKILL);
  server_->Wait(kPatience);
  for (const pid_t process : processes) {
    if (!Eventually([&] { return Ended(process); }, kPatience)) Die("it can't be killed");
  }
}

void PrivatePostgres::Freeze() { SignalAll(SIGSTOP); }

void PrivatePostgres::Thaw() { SignalAll(SIGCONT); }

void PrivatePostgres::SignalAll(int signal) const {
  // The postmaster first: once it has stopped its tree does not grow.
  server_->Signal(signal);
  for (const pid_t process : ProcessTree(server_->pid())) kill(process, signal);
}

void PrivatePostgres::Die(const std::string& what) const {
  std::cerr << "PrivatePostgres: " << what << "\n"
            << std::ifstream(directory_ + "/log").rdbuf() << std::endl;
  std::abort();
}

}  // namespace tidemark::testing
