#include "serving/http_exchange.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <optional>
#include <utility>

#include "base/log.h"
#include "serving/content_negotiation.h"
#include "serving/gzip.h"

namespace stowage::serving {

namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";
// A packet: below it there is nothing to win.
constexpr std::size_t kMinGzipBytes = 1400;

// What goes past cpp-httplib. Handlers run on the thread that called answer().
struct Beside {
  std::string_view body;  // it asks its handler before it would read one
  bool gzip = false;      // it would rather pack with brotli, at the level that takes longest
};
thread_local Beside beside_call;

const char* reasonPhrase(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool isTokenCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool isVisible(char c) { return c == '\t' || (c >= ' ' && c != '\x7f'); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The head reduced to what serving needs, or the status to refuse it with. Only a few headers pass:
// what is not passed on (ranges, expectations, forms) needs no limits of its own.
struct CheckedHead {
  int refuse = 0;
  std::string head;
  std::size_t may_have_body = 0;  // so many bytes
  bool put = false;
  std::size_t body = 0;
  bool gzip = false;
};

bool isAccepted(std::string_view name) {
  return name == "host" || name == "authorization" || name == "accept" || name == "user-agent";
}

int checkRequestLine(std::string_view line, std::size_t post_bytes) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == 0 || last == first) return 400;
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return 400;
  if (!std::all_of(method.begin(), method.end(), isTokenCharacter)) return 400;
  const bool plain = std::all_of(target.begin(), target.end(),
                                 [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
  if (target.empty() || target.front() != '/' || !plain) return 400;
  const bool served = method == "GET" || method == "HEAD" || method == "PUT";
  return served || (method == "POST" && post_bytes > 0) ? 0 : 405;
}

// nullopt: no number, or more than is read.
std::optional<std::size_t> bodyLength(std::string_view value, std::size_t limit) {
  std::size_t bytes = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), bytes);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  if (bytes > limit) return std::nullopt;
  return bytes;
}

int checkLength(std::string_view value, bool repeated, CheckedHead& checked) {
  const auto bytes = bodyLength(value, checked.may_have_body);
  if (!bytes) return 413;
  if (repeated) return 400;
  checked.body = *bytes;
  return 0;
}

// One header line; appends it to the head when it is passed on.
int checkHeader(std::string_view line, std::set<std::string>& seen, CheckedHead& checked) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return 400;
  const std::string_view raw_name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!std::all_of(raw_name.begin(), raw_name.end(), isTokenCharacter) ||
      !std::all_of(value.begin(), value.end(), isVisible)) {
    return 400;
  }
  const std::string name = lower(raw_name);
  if (name == "transfer-encoding") return 413;
  if (name == "content-length") return checkLength(value, !seen.insert(name).second, checked);
  if (name == "accept-encoding") checked.gzip = acceptsGzip(value);
  if (!isAccepted(name)) return 0;
  const bool repeated = !seen.insert(name).second;
  if (repeated && (name == "authorization" || name == "host")) return 400;
  if (!repeated) checked.head += fmt::format("{}: {}\r\n", name, value);
  return 0;
}

CheckedHead checkHead(std::string_view head, std::size_t post_bytes) {
  CheckedHead checked;
  if (!head.ends_with(kEndOfHead)) {
    checked.refuse = 400;
    return checked;
  }
  head.remove_suffix(2);
  std::set<std::string> seen;
  std::size_t lines = 0;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (lines == 0) {
      checked.refuse = checkRequestLine(line, post_bytes);
      checked.head = fmt::format("{}\r\n", line);
      checked.put = line.starts_with("PUT ");
      checked.may_have_body = checked.put                 ? HttpExchange::kMaxBodyBytes
                              : line.starts_with("POST ") ? post_bytes
                                                          : 0;
    } else {
      checked.refuse = checkHeader(line, seen, checked);
    }
    if (checked.refuse == 0 && ++lines > HttpExchange::kMaxHeaders + 1) checked.refuse = 431;
    if (checked.refuse != 0) return checked;
  }
  checked.head += "\r\n";
  return checked;
}

// What of the text behind the head is the call's body. A PUT brings one line.
std::string_view takeBody(std::string_view body, CheckedHead& checked) {
  if (body.size() < checked.body) {
    checked.refuse = 400;
    return {};
  }
  body = body.substr(0, checked.body);
  if (!checked.put) return body;
  while (body.ends_with('\n') || body.ends_with('\r')) body.remove_suffix(1);
  if (!std::all_of(body.begin(), body.end(), isVisible)) checked.refuse = 400;
  return body;
}

// The stream that cpp-httplib reads the head from and writes its answer to.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string_view input) : input_(input) {}
  [[nodiscard]] bool is_readable() const override { return true; }
  [[nodiscard]] bool is_writable() const override { return true; }
  ssize_t read(char* out, std::size_t size) override {
    const std::size_t count = std::min(size, input_.size());
    std::copy_n(input_.begin(), count, out);
    input_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* data, std::size_t size) override {
    output_.append(data, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  [[nodiscard]] socket_t socket() const override { return 0; }  // only compared with FD_SETSIZE
  std::string takeOutput() { return std::move(output_); }

 private:
  std::string_view input_;
  std::string output_;
};

}  // namespace

class HttpExchange::Impl final : public httplib::Server {
 public:
  explicit Impl(HttpHandler handler) : handler_(std::move(handler)) {
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      serve(request, response);
      return HandlerResponse::Handled;
    });
  }

  std::string run(const std::string& head, const Beside& beside) {
    MemoryStream stream(head);
    bool closed = false;
    beside_call = beside;
    process_request(stream, /*close_connection=*/true, closed, nullptr);
    beside_call = {};
    return stream.takeOutput();
  }

 private:
  void serve(const httplib::Request& request, httplib::Response& response) const {
    HttpCall call;
    call.method = request.method;
    call.path = request.path;
    call.query.insert(request.params.begin(), request.params.end());
    call.authorization = request.get_header_value("Authorization");
    call.body = beside_call.body;
    call.accept = request.get_header_value("Accept");
    HttpReply reply;
    try {
      reply = handler_(call);
    } catch (const std::exception& error) {
      // cpp-httplib would send the text of the exception to the client.
      base::log().error("a handler failed", {{"path", call.path}, {"error", error.what()}});
      reply = {500, "text/plain; charset=utf-8", "internal server error\n", {}};
    }
    response.status = reply.status;
    for (const auto& [name, value] : reply.headers) response.set_header(name, value);
    response.set_header("X-Content-Type-Options", "nosniff");
    response.set_header("Cache-Control", "no-cache, private");
    if (beside_call.gzip && reply.body.size() >= kMinGzipBytes) pack(reply, response);
    response.set_content(reply.body, reply.content_type);
  }

  static void pack(HttpReply& reply, httplib::Response& response) {
    std::string packed = gzipped(reply.body);
    if (packed.empty()) return;
    reply.body = std::move(packed);
    response.set_header("Content-Encoding", "gzip");
    response.set_header("Vary", "Accept-Encoding");
  }

  HttpHandler handler_;
};

HttpExchange::HttpExchange(HttpHandler handler, std::size_t post_bytes)
    : impl_(std::make_unique<Impl>(std::move(handler))), post_bytes_(post_bytes) {}
HttpExchange::~HttpExchange() = default;

std::size_t HttpExchange::headEnd(std::string_view received, std::size_t checked) {
  const std::size_t overlap = kEndOfHead.size() - 1;
  const std::size_t found = received.find(kEndOfHead, checked > overlap ? checked - overlap : 0);
  return found == std::string_view::npos ? found : found + kEndOfHead.size();
}

std::size_t HttpExchange::bodyBytes(std::string_view head, std::size_t post_bytes) {
  const CheckedHead checked = checkHead(head, post_bytes);
  return checked.refuse == 0 ? checked.body : 0;
}

std::string HttpExchange::answer(std::string_view request) const {
  const std::string_view head = request.substr(0, headEnd(request));
  if (head.size() > kMaxHeadBytes) return plainAnswer(431);
  CheckedHead checked = checkHead(head, post_bytes_);
  std::string_view body;
  if (checked.refuse == 0) body = takeBody(request.substr(head.size()), checked);
  if (checked.refuse != 0) return plainAnswer(checked.refuse);
  try {
    std::string out = impl_->run(checked.head, {body, checked.gzip});
    return out.empty() ? plainAnswer(400) : out;
  } catch (const std::exception& error) {
    base::log().error("a request could not be answered", {{"error", error.what()}});
    return plainAnswer(500);
  }
}

std::string HttpExchange::plainAnswer(int status) {
  const std::string body = fmt::format("{}\n", reasonPhrase(status));
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n"
      "{}Connection: close\r\n\r\n{}",
      status, reasonPhrase(status), body.size(), status == 405 ? "Allow: GET, HEAD, PUT\r\n" : "",
      body);
}

}  // namespace stowage::serving
