#include "k8sclient/transport/answer_reader.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <cctype>
#include <limits>
#include <utility>

namespace stowage::k8sclient {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr std::uint32_t kHeaderLimit = 64 << 10;

std::string lower(boost::beast::string_view text) {
  std::string out(text.data(), text.size());
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

TransportError errorOf(Io io, Phase phase, const std::string& detail) {
  switch (io) {
    case Io::kTimeout:
      return {base::Code::kTimeout, phase, "no complete answer in time"};
    case Io::kWoken:
      return {base::Code::kCancelled, phase, "stopped"};
    case Io::kEnd:
      return {base::Code::kUnavailable, phase, "the server closed the connection"};
    default:
      return {base::Code::kUnavailable, phase, detail.empty() ? "connection lost" : detail};
  }
}

HttpResponse AnswerReader::headers() {
  HttpResponse response;
  response.status = static_cast<int>(parser_->get().result_int());
  for (const auto& field : parser_->get()) {
    response.headers.emplace_back(lower(field.name_string()),
                                  std::string(field.value().data(), field.value().size()));
  }
  return response;
}

std::optional<TransportError> AnswerReader::readHeaders() {
  for (;;) {
    while (!parser_->is_header_done()) {
      if (auto error = advance(Phase::kSent)) return error;
    }
    if (parser_->get().result_int() / 100 != 1) return std::nullopt;
    renew();
  }
}

void AnswerReader::renew() {
  parser_.emplace();
  tried_unread_ = false;
  parser_->header_limit(kHeaderLimit);
  // Limits are ours: send() has one, watches have none. (boost::none is refused by 1.74 when the
  // body comes after the header.)
  parser_->body_limit(std::numeric_limits<std::uint64_t>::max());
  parser_->eager(true);
}

std::optional<TransportError> AnswerReader::advance(Phase phase) {
  // What came together with an interim answer may hold the next one already.
  if (!std::exchange(tried_unread_, true) && !lane_.unread.empty()) return parse(phase);
  const Io io = lane_.connection.read(lane_.unread);
  if (io == Io::kEnd) {
    error_code error;
    if (parser_->got_some()) parser_->put_eof(error);
    if (parser_->is_done() && !error) return std::nullopt;
  }
  if (io != Io::kDone) return errorOf(io, phase, lane_.connection.error());
  saw_bytes_ = true;
  return parse(phase);
}

std::optional<TransportError> AnswerReader::parse(Phase phase) {
  error_code error;
  const std::size_t used = parser_->put(boost::asio::buffer(lane_.unread), error);
  lane_.unread.erase(0, used);
  if (!error || error == http::error::need_more) return std::nullopt;
  return TransportError{base::Code::kUnavailable, phase, "malformed answer: " + error.message()};
}

}  // namespace stowage::k8sclient
