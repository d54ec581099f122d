#include "services/gateway/http/connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/gateway/http/head.h"

namespace tidemark::gateway {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kReadBytes = 4 * kKiB;
constexpr std::size_t kBodyReadBytes = 16 * kKiB;
// Bodies up to here are read without asking the handler or the budget, and answered without asking.
constexpr std::size_t kSmallBody = 8 * kKiB;
constexpr std::int64_t kLingerBytes = 64 * kMiB;
constexpr absl::Duration kLinger = absl::Seconds(5);

// Why a request is refused that the parser stopped at, in words for whoever sent it.
std::string WhyOf(HttpFault fault, const boost::system::error_code& error,
                  const HttpLimits& limits) {
  switch (fault) {
    case HttpFault::kHeaderTooLarge:
      return absl::StrCat("over ", limits.header_bytes, " bytes (--max-header-bytes is ",
                          config::FormatByteSize(limits.header_bytes), ")");
    case HttpFault::kBodyTooLarge:
      return absl::StrCat("over ", limits.body_bytes, " bytes (--max-body-bytes is ",
                          config::FormatByteSize(limits.body_bytes), ")");
    default:
      return error.message();
  }
}

}  // namespace

HttpConnection::HttpConnection(HttpWorker& worker, asio::ip::tcp::socket socket)
    : worker_(worker),
      shared_(worker.shared()),
      socket_(std::move(socket)),
      held_(worker.shared().budget) {
  worker_.Add(this);
}

HttpConnection::~HttpConnection() {
  worker_.Remove(this);
  const std::lock_guard lock(shared_.mutex);
  --shared_.connections;
  shared_.open.Decrement();
  shared_.changed.notify_all();
}

void HttpConnection::Enter(State state, absl::Duration patience) {
  state_ = state;
  deadline_ = patience == absl::InfiniteDuration()
                  ? SteadyTime::max()
                  : std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
}

void HttpConnection::AwaitRequest() {
  head_only_ = false;
  request_ = {};
  headers_.clear();
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(shared_.limits.header_bytes));
  parser_->body_limit(static_cast<std::uint64_t>(shared_.limits.body_bytes));
  Enter(State::kIdle, shared_.limits.idle);
  if (buffer_.size() > 0) return Parse();
  buffer_.shrink_to_fit();
  Read();
}

void HttpConnection::Read() {
  const std::size_t bytes = state_ == State::kBody ? kBodyReadBytes : kReadBytes;
  socket_.async_read_some(
      buffer_.prepare(bytes),
      [self = shared_from_this()](Error error, std::size_t n) { self->OnRead(error, n); });
}

void HttpConnection::OnRead(Error error, std::size_t bytes) {
  if (state_ == State::kClosed) return;
  if (timed_out_) {
    const bool body = state_ == State::kBody;
    return Fail(
        HttpFault::kTimeout,
        absl::StrCat(body ? "its body took over " : "its head took over ",
                     absl::FormatDuration(body ? shared_.limits.body : shared_.limits.header)));
  }
  if (error == asio::error::eof && state_ != State::kIdle) {
    return Fail(HttpFault::kMalformed, "it was cut off");
  }
  if (error) return Close();
  buffer_.commit(bytes);
  Parse();
}

void HttpConnection::Parse() {
  if (state_ == State::kIdle) {
    // Line ends between requests are passed over (RFC 9112 section 2.2).
    const auto* const begin = static_cast<const char*>(buffer_.data().data());
    const auto* const end = begin + buffer_.size();
    buffer_.consume(std::find_if(begin, end, [](char c) { return c != '\r' && c != '\n'; }) -
                    begin);
    if (buffer_.size() == 0) return Read();
    Enter(State::kHead, shared_.limits.header);
  }
  while (ParseSome()) {
  }
}

// One step; true if another may follow at once.
bool HttpConnection::ParseSome() {
  Error error;
  const std::size_t used = parser_->put(buffer_.data(), error);
  buffer_.consume(used);
  if (error && error != http::error::need_more) {
    const HttpFault fault = FaultOf(error);
    Fail(fault, WhyOf(fault, error, shared_.limits));
    return false;
  }
  if (state_ == State::kHead && parser_->is_header_done()) return Admit();
  if (parser_->is_done()) {
    Handle();
    return false;
  }
  if (state_ == State::kBody) {
    if (!HoldBody()) return false;
    // What the parser leaves is the line of a chunk or the trailers, for which it knows no bound.
    if (error && buffer_.size() > static_cast<std::size_t>(shared_.limits.header_bytes)) {
      Fail(HttpFault::kHeaderTooLarge, WhyOf(HttpFault::kHeaderTooLarge, error, shared_.limits));
      return false;
    }
  }
  if (!error && used > 0 && buffer_.size() > 0) return true;
  Read();
  return false;
}

// Decides on a request by its head. True if its body, or what follows, can be parsed now.
bool HttpConnection::Admit() {
  const auto& head = parser_->get();
  keep_alive_ = head.version() == 11 && head.keep_alive();
  head_only_ = head.method() == http::verb::head;
  std::string_view flaw = ReadHead();
  if (flaw.empty() && !FramingIsSound(head)) flaw = "bad Transfer-Encoding";
  if (!flaw.empty()) {
    Fail(HttpFault::kMalformed, flaw);
    return false;
  }
  if (parser_->is_done()) {
    Handle();
    return false;
  }
  const bool awaits_go_ahead = EqualsIgnoreCase(request_.Header("expect"), "100-continue");
  const std::uint64_t length = parser_->content_length().value_or(kSmallBody + 1);
  if (awaits_go_ahead || length > kSmallBody) {
    if (std::optional<HttpResponse> refusal = shared_.handler.Refuse(request_)) {
      refusal->close = true;
      Write(*std::move(refusal));
      return false;
    }
  }
  Enter(State::kBody, shared_.limits.body);
  parser_->eager(true);
  if (buffer_.size() > 0) return true;
  if (awaits_go_ahead) {
    Continue();
  } else {
    Read();
  }
  return false;
}

// Takes of the budget what has come, not what was declared: who declares and sends nothing must
// not keep others out.
bool HttpConnection::HoldBody() {
  const std::size_t bytes = parser_->get().body().capacity();
  if (bytes <= kSmallBody || held_.GrowTo(static_cast<std::int64_t>(bytes))) return true;
  Fail(HttpFault::kOverloaded);
  return false;
}

void HttpConnection::Continue() {
  static constexpr std::string_view kGoAhead = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(socket_, asio::buffer(kGoAhead),
                    [self = shared_from_this()](Error error, std::size_t) {
                      if (error) return self->OnRead(error, 0);
                      if (self->state_ == State::kBody) self->Read();
                    });
}

bool HttpConnection::TakeRoom(std::size_t bytes) {
  return bytes <= kSmallBody || held_.GrowTo(static_cast<std::int64_t>(bytes));
}

std::string_view HttpConnection::ReadHead() {
  const auto& head = parser_->get();
  headers_.clear();
  for (const auto& field : head) {
    headers_.push_back({View(field.name_string()), View(field.value())});
  }
  request_.method = View(head.method_string());
  request_.target = OriginForm(View(head.target()));
  request_.headers = headers_;
  const std::size_t hosts = head.count(http::field::host);
  if (hosts > 1) return "more than one Host";
  if (hosts == 0 && head.version() != 10) return "no Host";
  return request_.target.starts_with('/') || request_.target == "*" ? "" : "bad target";
}

void HttpConnection::Handle() {
  if (shared_.budget.free() < 0) return Fail(HttpFault::kOverloaded);
  request_.body = parser_->get().body();
  Enter(State::kHandling, absl::InfiniteDuration());
  shared_.handler.Handle(request_, HttpReply(shared_from_this()));
}

void HttpConnection::Reply(std::shared_ptr<HttpConnection> connection, HttpResponse response) {
  asio::io_context& io = connection->worker_.io();
  asio::post(io, [connection = std::move(connection), response = std::move(response)]() mutable {
    if (connection->state_ == State::kHandling) connection->Write(std::move(response));
  });
}

void HttpConnection::Forget(std::shared_ptr<HttpConnection> connection) {
  asio::io_context& io = connection->worker_.io();
  asio::post(io, [connection = std::move(connection)] {
    if (connection->state_ == State::kHandling) connection->Fail(HttpFault::kForgotten);
  });
}

void HttpConnection::Fail(HttpFault fault, std::string_view why) {
  if (parser_ && headers_.empty()) ReadHead();  // as much as there is
  HttpResponse response = shared_.handler.Answer(fault, why, request_);
  response.status = StatusOf(fault);
  response.close = true;
  Write(std::move(response));
}

void HttpConnection::Write(HttpResponse response) {
  closing_ = response.close || !keep_alive_ || shared_.draining;
  out_head_.clear();
  absl::StrAppend(&out_head_, "HTTP/1.1 ", response.status, " ");
  const auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
  out_head_.append(reason.data(), reason.size()).append("\r\nDate: ").append(worker_.Date());
  // Neither may have a body (RFC 9110 sections 15.3.5, 15.4.5), so neither has a length.
  if (response.status == 204 || response.status == 304) {
    response.body.clear();
  } else {
    absl::StrAppend(&out_head_, "\r\nContent-Length: ", response.body.size());
  }
  out_head_.append(closing_ ? "\r\nConnection: close\r\n" : "\r\n");
  out_head_.append(response.headers).append("\r\n");
  out_body_ = std::move(response.body);
  if (head_only_) out_body_.clear();
  if (!closing_) parser_.reset();
  held_.Set(static_cast<std::int64_t>(out_body_.size()));
  Enter(State::kWriting, shared_.limits.write);
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(out_head_),
                                                     asio::buffer(out_body_)};
  asio::async_write(socket_, buffers, [self = shared_from_this()](Error error, std::size_t) {
    self->OnWritten(error);
  });
}

void HttpConnection::OnWritten(Error error) {
  held_.Set(0);
  std::string().swap(out_body_);
  if (state_ == State::kClosed) return;
  if (error) return Close();
  if (!closing_) return shared_.draining ? Close() : AwaitRequest();
  Error ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  const bool all_read = parser_ && parser_->is_done() && buffer_.size() == 0;
  if (all_read) return Close();
  parser_.reset();
  linger_bytes_ = kLingerBytes;
  Enter(State::kLingering, kLinger);
  Linger();
}

// Closing with input unread would reset the connection, and the client might never see the answer.
void HttpConnection::Linger() {
  buffer_.clear();
  socket_.async_read_some(buffer_.prepare(kBodyReadBytes),
                          [self = shared_from_this()](Error error, std::size_t bytes) {
                            if (self->state_ == State::kClosed) return;
                            self->linger_bytes_ -= static_cast<std::int64_t>(bytes);
                            if (error || self->linger_bytes_ <= 0) return self->Close();
                            self->Linger();
                          });
}

void HttpConnection::Expire(SteadyTime now) {
  if (now < deadline_) return;
  if (state_ == State::kHead || state_ == State::kBody) {
    timed_out_ = true;
    Error ignored;
    socket_.cancel(ignored);  // OnRead goes on
  } else {
    Close();
  }
}

void HttpConnection::Drain() {
  if (state_ == State::kIdle) Close();
}

void HttpConnection::Close() {
  state_ = State::kClosed;
  deadline_ = SteadyTime::max();
  Error ignored;
  socket_.close(ignored);
}

HttpReply::HttpReply(std::shared_ptr<HttpConnection> connection)
    : connection_(std::move(connection)) {}

HttpReply::~HttpReply() {
  if (connection_) HttpConnection::Forget(std::move(connection_));
}

bool HttpReply::TakeRoom(std::size_t bytes) {
  return connection_ == nullptr || connection_->TakeRoom(bytes);
}

void HttpReply::operator()(HttpResponse response) {
  if (connection_) HttpConnection::Reply(std::move(connection_), std::move(response));
}

}  // namespace tidemark::gateway
