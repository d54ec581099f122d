#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "common/testing/fake_aws/http_server.h"

namespace tidemark::fake_aws {

// A socket that knows its executor's type: faster, and far smaller in the object files, than
// tcp::socket.
using ServerSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// What all connections of a server share; outlives them.
struct SessionSettings {
  HttpServer::Handler handler;
  std::uint64_t max_body_bytes;
};

// Serves one connection, within the socket's io_context, until either side ends it. With `tls` the
// handshake comes first. `tls` and `settings` outlive the io_context.
void ServeConnection(ServerSocket socket, boost::asio::ssl::context* tls,
                     const SessionSettings& settings);

}  // namespace tidemark::fake_aws
