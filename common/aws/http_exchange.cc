#include "common/aws/http_exchange.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/clock.h"
#include "common/base/units.h"

namespace tidemark::aws {
namespace {

// How much libcurl hands to the kernel at once: a full PutRecords in a few calls.
constexpr long kUploadBufferBytes = 256 * kKiB;

bool HasControlCharacter(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

}  // namespace

HttpExchange::HttpExchange(HttpRequest request, const HttpTimeouts& timeouts,
                           HttpTransport::Callback callback)
    : request_(std::move(request)),
      deadline_(BoottimeClock().Now() + timeouts.total),
      connect_timeout_(timeouts.connect),
      callback_(std::move(callback)) {}

absl::Status HttpExchange::Prepare(CurlEasy handle, const CurlTransport::Options& options) {
  handle_ = std::move(handle);
  CURL* curl = handle_.get();
  if (HasControlCharacter(request_.method) || HasControlCharacter(request_.target) ||
      !request_.target.starts_with('/')) {
    return absl::InvalidArgumentError("a request's method or target can't be sent");
  }
  max_response_bytes_ = options.max_response_bytes;
  curl_easy_setopt(curl, CURLOPT_PRIVATE, this);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_URL, (request_.endpoint.Url() + request_.target).c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBufferBytes);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   std::max<long>(1, absl::ToInt64Milliseconds(connect_timeout_)));
  curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN,
                   static_cast<long>(absl::ToInt64Seconds(options.max_idle)));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &HttpExchange::OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &HttpExchange::OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  SetTls(options);
  SetMethodAndBody();
  return SetHeaders(options.user_agent);
}

void HttpExchange::SetTls(const CurlTransport::Options& options) {
  curl_easy_setopt(handle(), CURLOPT_SSL_VERIFYPEER, options.verify_tls ? 1L : 0L);
  curl_easy_setopt(handle(), CURLOPT_SSL_VERIFYHOST, options.verify_tls ? 2L : 0L);
  if (!options.ca_file.empty()) {
    curl_easy_setopt(handle(), CURLOPT_CAINFO, options.ca_file.c_str());
  }
}

void HttpExchange::SetMethodAndBody() {
  if (request_.method == "HEAD") {
    curl_easy_setopt(handle(), CURLOPT_NOBODY, 1L);
    return;
  }
  const bool bodiless =
      request_.body.empty() && (request_.method == "GET" || request_.method == "DELETE");
  if (!bodiless) {
    curl_easy_setopt(handle(), CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(handle(), CURLOPT_POSTFIELDS, request_.body.data());
  }
  curl_easy_setopt(handle(), CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

absl::Status HttpExchange::SetHeaders(const std::string& user_agent) {
  curl_easy_setopt(handle(), CURLOPT_USERAGENT, user_agent.c_str());
  const auto add = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) std::abort();  // out of memory
    (void)headers_.release();
    headers_.reset(longer);
  };
  add("Expect:");  // else libcurl waits for "100 Continue" before larger bodies
  add("Accept:");
  if (FindHeader(request_.headers, "content-type").empty()) add("Content-Type:");
  add(absl::StrCat("Host: ", request_.endpoint.host()));
  for (const HttpHeader& header : request_.headers) {
    if (HasControlCharacter(header.name) || HasControlCharacter(header.value)) {
      return absl::InvalidArgumentError("a header can't be sent");
    }
    if (EqualsIgnoreCase(header.name, "host")) continue;
    // To libcurl "Name:" means: leave it out. "Name;" is a header with an empty value.
    add(header.value.empty() ? header.name + ";" : absl::StrCat(header.name, ": ", header.value));
  }
  curl_easy_setopt(handle(), CURLOPT_HTTPHEADER, headers_.get());
  return absl::OkStatus();
}

void HttpExchange::Finish(CURLcode code) {
  if (code != CURLE_OK) return Fail(ErrorOf(code));
  long status = 0;
  curl_easy_getinfo(handle(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  std::exchange(callback_, nullptr)(std::move(response_));
}

void HttpExchange::Fail(absl::Status status) {
  std::exchange(callback_, nullptr)(std::move(status));
}

CurlEasy HttpExchange::TakeHandle() {
  curl_easy_reset(handle());
  return std::move(handle_);
}

absl::Status HttpExchange::ErrorOf(CURLcode code) const {
  const char* text = error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(code);
  const std::string message = absl::StrCat(request_.endpoint.host(), ": ", text);
  if (too_large_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        request_.endpoint.host(), ": the answer is larger than ", max_response_bytes_, " bytes"));
  }
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(message);
    case CURLE_URL_MALFORMAT:
      return absl::InvalidArgumentError(message);
    default:
      return absl::UnavailableError(message);
  }
}

bool HttpExchange::AddBody(std::string_view bytes) {
  if (response_.body.size() + bytes.size() > max_response_bytes_) {
    too_large_ = true;
    return false;
  }
  response_.body.append(bytes);
  return true;
}

void HttpExchange::AddHeaderLine(std::string_view line) {
  if (line.starts_with("HTTP/")) {  // a new head; that of an interim answer before it goes
    response_.headers.clear();
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const absl::string_view value = absl::StripAsciiWhitespace(ToAbsl(line.substr(colon + 1)));
  response_.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
}

std::size_t HttpExchange::OnBody(char* data, std::size_t size, std::size_t count, void* exchange) {
  const std::string_view bytes(data, size * count);
  return static_cast<HttpExchange*>(exchange)->AddBody(bytes) ? bytes.size() : 0;
}

std::size_t HttpExchange::OnHeader(char* data, std::size_t size, std::size_t count,
                                   void* exchange) {
  static_cast<HttpExchange*>(exchange)->AddHeaderLine({data, size * count});
  return size * count;
}

}  // namespace tidemark::aws
