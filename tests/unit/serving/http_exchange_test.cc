#include "serving/http_exchange.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <rapidcheck/gtest.h>

#include <stdexcept>

namespace stowage::serving {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Says what it was asked.
HttpReply echo(const HttpCall& call) {
  HttpReply reply;
  reply.body = call.method + " " + call.path;
  for (const auto& [name, value] : call.query) reply.body += fmt::format(" {}={}", name, value);
  if (!call.authorization.empty()) reply.body += " as " + call.authorization;
  if (!call.body.empty()) reply.body += " with " + call.body;
  return reply;
}

std::string ask(const std::string& head) { return HttpExchange(echo).answer(head); }

TEST(HttpExchange, AnswersAndCloses) {
  EXPECT_THAT(
      ask("GET /metrics?a=1&a=2&b=x%20y HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\n\r\n"),
      AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Connection: close\r\n"),
            HasSubstr("X-Content-Type-Options: nosniff\r\n"),
            EndsWith("\r\n\r\nGET /metrics a=1 a=2 b=x y as Bearer t")));
  EXPECT_THAT(ask("GET /a HTTP/1.0\r\n\r\n"), EndsWith("GET /a"));
  EXPECT_THAT(ask("GET /%6detrics HTTP/1.1\r\n\r\n"), EndsWith("GET /metrics"));
}

TEST(HttpExchange, AHeadHasNoBody) {
  EXPECT_THAT(ask("HEAD /a HTTP/1.1\r\n\r\n"),
              AllOf(HasSubstr("Content-Length: 7\r\n"), EndsWith("\r\n\r\n")));
}

TEST(HttpExchange, APutBringsASmallBody) {
  const std::string head = "PUT /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(HttpExchange::bodyBytes(head), 2U);
  EXPECT_THAT(ask(head + "42"), EndsWith("\r\n\r\nPUT /a with 42"));
  EXPECT_THAT(ask(head + "4\n"), EndsWith("\r\n\r\nPUT /a with 4"));
  // What follows is of a request that is not answered: the connection closes.
  EXPECT_THAT(ask(head + "42GET /b HTTP/1.1\r\n\r\n"), EndsWith("\r\n\r\nPUT /a with 42"));
  EXPECT_THAT(ask("PUT /a HTTP/1.1\r\n\r\n"), EndsWith("\r\n\r\nPUT /a"));
  // Nobody smuggles one in.
  EXPECT_THAT(ask("GET /a HTTP/1.1\r\nX-Checked-Body: 9\r\n\r\n"), EndsWith("\r\n\r\nGET /a"));
  EXPECT_EQ(HttpExchange::bodyBytes("GET /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n"), 0U);
  EXPECT_EQ(HttpExchange::bodyBytes("PUT /a HTTP/1.1\r\nContent-Length: 65\r\n\r\n"), 0U);
}

TEST(HttpExchange, APostIsForThoseWhoServeIt) {
  const std::string head = "POST /a HTTP/1.1\r\nContent-Length: 6\r\n\r\n";
  EXPECT_THAT(ask(head + "{\n\t1}\n"), StartsWith("HTTP/1.1 405 "));
  const HttpExchange exchange(echo, 1000);
  EXPECT_EQ(HttpExchange::bodyBytes(head), 0U);
  EXPECT_EQ(HttpExchange::bodyBytes(head, 1000), 6U);
  // As it came, line breaks and zero bytes included.
  EXPECT_THAT(exchange.answer(head + "{\n\t1}\n"), EndsWith("\r\n\r\nPOST /a with {\n\t1}\n"));
  EXPECT_THAT(exchange.answer(head + std::string("ab\0\xff\r\n", 6)),
              EndsWith(std::string("with ab\0\xff\r\n", 11)));
  EXPECT_THAT(exchange.answer("POST /a HTTP/1.1\r\n\r\n"), EndsWith("\r\n\r\nPOST /a"));
  EXPECT_THAT(exchange.answer(head + "short"), StartsWith("HTTP/1.1 400 "));
  const auto ofLength = [](int bytes) {
    return fmt::format("POST /a HTTP/1.1\r\nContent-Length: {}\r\n\r\n{}", bytes,
                       std::string(static_cast<std::size_t>(bytes), 'x'));
  };
  EXPECT_THAT(exchange.answer(ofLength(1000)), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(exchange.answer(ofLength(1001)), StartsWith("HTTP/1.1 413 "));
  // What a PUT may bring stays small, and a GET brings nothing.
  EXPECT_EQ(HttpExchange::bodyBytes("PUT /a HTTP/1.1\r\nContent-Length: 65\r\n\r\n", 1000), 0U);
  EXPECT_THAT(exchange.answer("GET /a HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"),
              StartsWith("HTTP/1.1 413 "));
  // A body belongs to its own call.
  EXPECT_THAT(exchange.answer("GET /a HTTP/1.1\r\n\r\n"), EndsWith("\r\n\r\nGET /a"));
}

struct BadRequest {
  const char* name;
  std::string head;
  int status;
};

std::vector<BadRequest> badRequests() {
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 100; ++i) many += fmt::format("X-{}: 1\r\n", i);
  return {
      {"nothing", "\r\n\r\n", 400},
      {"no end", "GET / HTTP/1.1\r\n", 400},
      {"no version", "GET /\r\n\r\n", 400},
      {"no path", "GET HTTP/1.1\r\n\r\n", 400},
      {"another version", "GET / HTTP/2.0\r\n\r\n", 400},
      {"an absolute target", "GET http://a/ HTTP/1.1\r\n\r\n", 400},
      {"a space in the target", "GET /a b HTTP/1.1\r\n\r\n", 400},
      {"a control character in the target", "GET /a\x01 HTTP/1.1\r\n\r\n", 400},
      {"a NUL in a header", std::string("GET / HTTP/1.1\r\nA: x\0y\r\n\r\n", 26), 400},
      {"a bare line feed", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
      {"a header without colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", 400},
      {"a folded header", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400},
      {"a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
      {"two authorizations", "GET / HTTP/1.1\r\nAuthorization: a\r\nauthorization: b\r\n\r\n", 400},
      {"another method", "POST / HTTP/1.1\r\n\r\n", 405},
      {"a method like the right one", "get / HTTP/1.1\r\n\r\n", 405},
      {"less body than promised", "PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc", 400},
      {"a body with a line break", "PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\na\nb", 400},
      {"two lengths", "PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"a large body", "PUT / HTTP/1.1\r\nContent-Length: 65\r\n\r\n" + std::string(65, 'x'), 413},
      {"a length that is none", "PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 413},
      {"an endless length", "PUT / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 413},
      {"a chunked PUT", "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413},
      {"a body", "GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", 413},
      {"a chunked body", "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 413},
      {"too many headers", many + "\r\n", 431},
      {"too long a head", "GET / HTTP/1.1\r\nA: " + std::string(20000, 'x') + "\r\n\r\n", 431},
      {"too long a target", "GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n", 414},
  };
}

TEST(HttpExchange, RefusesWhatItDoesNotServe) {
  for (const BadRequest& c : badRequests()) {
    EXPECT_THAT(ask(c.head), StartsWith(fmt::format("HTTP/1.1 {} ", c.status))) << c.name;
  }
}

// Thousands of ranges would make a small request cost a huge answer.
TEST(HttpExchange, RangesAndExpectationsAreIgnored) {
  std::string ranges = "bytes=0-";
  while (ranges.size() < 8000) ranges += ",0-";
  const std::string answer =
      ask("GET /a HTTP/1.1\r\nRange: " + ranges + "\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\nGET /a")));
}

std::string unpacked(const std::string& packed) {
  httplib::detail::gzip_decompressor gzip;
  std::string out;
  EXPECT_TRUE(
      gzip.decompress(packed.data(), packed.size(), [&out](const char* data, std::size_t size) {
        out.append(data, size);
        return true;
      }));
  return out;
}

TEST(HttpExchange, WhatIsLongIsPackedForThoseWhoTakeGzip) {
  HttpReply reply;
  reply.content_type = "application/openmetrics-text";
  for (int line = 0; line < 10'000; ++line) reply.body += fmt::format("line {}\n", line);
  const HttpExchange exchange([&reply](const HttpCall&) { return reply; });
  const std::string answer =
      exchange.answer("GET /a HTTP/1.1\r\nAccept-Encoding: br, gzip\r\n\r\n");
  EXPECT_THAT(answer,
              AllOf(HasSubstr("Content-Encoding: gzip\r\n"), HasSubstr("Vary: Accept-Encoding\r\n"),
                    HasSubstr("Content-Type: application/openmetrics-text\r\n")));
  const std::string body = answer.substr(HttpExchange::headEnd(answer));
  EXPECT_THAT(answer, HasSubstr(fmt::format("Content-Length: {}\r\n", body.size())));
  EXPECT_LT(body.size(), reply.body.size() / 3);
  EXPECT_EQ(unpacked(body), reply.body);
  for (const char* others : {"", "Accept-Encoding: br\r\n", "Accept-Encoding: gzip;q=0\r\n"}) {
    const std::string plain = exchange.answer(fmt::format("GET /a HTTP/1.1\r\n{}\r\n", others));
    EXPECT_THAT(plain, AllOf(EndsWith(reply.body), Not(HasSubstr("Content-Encoding")))) << others;
  }
  reply.body.resize(1000);
  EXPECT_THAT(exchange.answer("GET /a HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n"),
              EndsWith(reply.body));
}

TEST(HttpExchange, WhatAClientPrefersIsTold) {
  std::string accept = "none";
  const HttpExchange exchange([&accept](const HttpCall& call) {
    accept = call.accept;
    return HttpReply{};
  });
  for (const char* wanted : {"text/plain;q=0.5", ""}) {
    EXPECT_THAT(exchange.answer(fmt::format("GET /a HTTP/1.1\r\nAccept: {}\r\n\r\n", wanted)),
                StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(accept, wanted);
  }
}

TEST(HttpExchange, AHandlerThatThrowsIsAnErrorWithoutItsText) {
  const HttpExchange exchange(
      [](const HttpCall&) -> HttpReply { throw std::runtime_error("secret"); });
  EXPECT_THAT(exchange.answer("GET /a HTTP/1.1\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 500 "), Not(HasSubstr("secret"))));
}

TEST(HttpExchange, ReplyHeadersAreSent) {
  const HttpExchange exchange([](const HttpCall&) {
    return HttpReply{401, "text/plain", "no", {{"WWW-Authenticate", "Bearer"}}};
  });
  EXPECT_THAT(exchange.answer("GET /a HTTP/1.1\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr("WWW-Authenticate: Bearer\r\n")));
}

TEST(HttpExchange, TheEndOfAHeadIsFoundHoweverItIsCut) {
  const std::string head = "GET / HTTP/1.1\r\n\r\n";
  for (std::size_t cut = 0; cut < head.size(); ++cut) {
    EXPECT_EQ(HttpExchange::headEnd(head.substr(0, cut)), std::string::npos);
    EXPECT_EQ(HttpExchange::headEnd(head + "rest", cut), head.size()) << cut;
  }
}

RC_GTEST_PROP(HttpExchange, AnyBytesGetAnAnswer, ()) {
  auto head = *rc::gen::container<std::string>(rc::gen::oneOf(
      rc::gen::arbitrary<char>(), rc::gen::elementOf(std::string("GET /%?&=: HTP1.\r\n\r\n"))));
  if (*rc::gen::arbitrary<bool>()) head = "GET /" + head + " HTTP/1.1\r\n";
  if (*rc::gen::arbitrary<bool>()) head += "\r\n\r\n";
  RC_ASSERT(ask(head).starts_with("HTTP/1.1 "));
}

}  // namespace
}  // namespace stowage::serving
