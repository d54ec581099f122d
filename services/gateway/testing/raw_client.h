#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tidemark::gateway {

// An answer as a test reads it. Status 0: none came before the connection ended.
struct RawResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// A client that sends the bytes it is told to, right or wrong. Waits for at most 10 seconds.
class RawClient {
 public:
  explicit RawClient(int port);
  ~RawClient();

  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False if the server has closed the connection.
  bool Send(std::string_view bytes);
  // Ends sending; answers can still be read.
  void FinishSending();

  // The next answer. `to_head`: it is to a HEAD, and so without a body.
  RawResponse Read(bool to_head = false);
  RawResponse Exchange(std::string_view bytes) {
    Send(bytes);
    return Read();
  }

  // Whether the server closes the connection without another word.
  bool AtEnd();

 private:
  // Whether `received_` has as many bytes, or more came. False at the end.
  bool Fill(std::size_t bytes);

  int socket_;
  std::string received_;
};

}  // namespace tidemark::gateway
