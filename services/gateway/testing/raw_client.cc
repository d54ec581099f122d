#include "services/gateway/testing/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace tidemark::gateway {

RawClient::RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  timeval patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) std::abort();
}

RawClient::~RawClient() { ::close(socket_); }

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::FinishSending() { ::shutdown(socket_, SHUT_WR); }

bool RawClient::Fill(std::size_t bytes) {
  std::array<char, 65536> chunk;
  while (received_.size() < bytes) {
    const ssize_t read = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (read <= 0) return false;
    received_.append(chunk.data(), static_cast<std::size_t>(read));
  }
  return true;
}

RawResponse RawClient::Read(bool to_head) {
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill(received_.size() + 1)) return {};
  }
  RawResponse response;
  std::size_t length = 0;
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(received_.substr(0, end), "\r\n"))) {
    const std::size_t colon = line.find(": ");
    if (line.rfind("HTTP/1.1 ", 0) == 0) {
      if (!absl::SimpleAtoi(line.substr(9, 3), &response.status)) return {};
    } else if (colon != std::string::npos) {
      response.headers[absl::AsciiStrToLower(line.substr(0, colon))] = line.substr(colon + 2);
    }
  }
  received_.erase(0, end + 4);
  const auto found = response.headers.find("content-length");
  if (to_head || found == response.headers.end()) return response;
  if (!absl::SimpleAtoi(found->second, &length) || !Fill(length)) return {};
  response.body = received_.substr(0, length);
  received_.erase(0, length);
  return response;
}

bool RawClient::AtEnd() {
  if (!received_.empty()) return false;
  char byte = 0;
  return ::recv(socket_, &byte, 1, 0) == 0;
}

}  // namespace tidemark::gateway
