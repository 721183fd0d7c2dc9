// HttpExchange: one HTTP request as bytes to one answer as bytes. No sockets and no threads: what
// comes from the network is checked here, then read and answered by cpp-httplib in memory. Long
// answers are packed for those who take gzip.
// Thread safety: answer() from any number of threads.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace stowage::serving {

// What a handler is asked. Paths and query values are percent-decoded.
struct HttpCall {
  std::string method;  // "GET", "HEAD", "PUT" or, where it is served, "POST"
  std::string path;
  std::multimap<std::string, std::string> query;
  std::string authorization;
  std::string body = {};    // of a PUT or POST
  std::string accept = {};  // the header
};

struct HttpReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::multimap<std::string, std::string> headers = {};
};

using HttpHandler = std::function<HttpReply(const HttpCall&)>;

class HttpExchange {
 public:
  // Request line and headers together.
  static constexpr std::size_t kMaxHeadBytes = 16384;
  static constexpr std::size_t kMaxHeaders = 64;
  // Enough for the value of a switch.
  static constexpr std::size_t kMaxBodyBytes = 64;

  // `post_bytes`: the longest body of a POST; 0 refuses POST.
  explicit HttpExchange(HttpHandler handler, std::size_t post_bytes = 0);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  // Where the head ends (after its empty line) in what has been received so far, or npos. The first
  // `checked` bytes were looked at before: a sender of single bytes must not cost a scan for each.
  static std::size_t headEnd(std::string_view received, std::size_t checked = 0);

  // Bytes that follow `head` (whole, as headEnd() told): 0 when there are none or they are refused.
  static std::size_t bodyBytes(std::string_view head, std::size_t post_bytes = 0);

  // The whole answer to a head and what bodyBytes() told. GET and HEAD without a body, PUT with a
  // small line of text, POST with what the owner allows; every answer closes the connection.
  // Malformed requests get 400, others 405 or 413; exceptions of the handler 500.
  [[nodiscard]] std::string answer(std::string_view request) const;

  // An answer made without a request, such as 431 for a head that does not end.
  static std::string plainAnswer(int status);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
  const std::size_t post_bytes_;
};

}  // namespace stowage::serving
