#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/aws/http.h"

namespace tidemark::aws {

struct CurlEasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using CurlEasy = std::unique_ptr<CURL, CurlEasyDeleter>;

// One request and its answer on one libcurl handle. Used by one thread at a time; stays where it
// is, since libcurl points into it.
class HttpExchange {
 public:
  HttpExchange(HttpRequest request, const HttpTimeouts& timeouts, HttpTransport::Callback callback);
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  // Sets `handle` up for the request. INVALID_ARGUMENT if it can't be; then call Fail.
  absl::Status Prepare(CurlEasy handle, const CurlTransport::Options& options);

  // Calls back with the answer, or the error that `code` stands for. Once.
  void Finish(CURLcode code);
  void Fail(absl::Status status);

  // When it is to be given up, by the boottime clock. libcurl's own timeout does not count the wait
  // for a connection.
  absl::Time deadline() const { return deadline_; }

  CURL* handle() const { return handle_.get(); }
  // The handle for another exchange, without a trace of this one.
  CurlEasy TakeHandle();

 private:
  struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  absl::Status SetHeaders(const std::string& user_agent);
  void SetMethodAndBody();
  void SetTls(const CurlTransport::Options& options);
  absl::Status ErrorOf(CURLcode code) const;
  bool AddBody(std::string_view bytes);
  void AddHeaderLine(std::string_view line);

  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* exchange);
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* exchange);

  HttpRequest request_;
  const absl::Time deadline_;
  const absl::Duration connect_timeout_;
  HttpTransport::Callback callback_;
  std::size_t max_response_bytes_ = 0;
  bool too_large_ = false;
  HttpResponse response_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  CurlEasy handle_;
  std::unique_ptr<curl_slist, ListDeleter> headers_;
};

}  // namespace tidemark::aws
