// send(): answers of every shape, and every way in which an exchange can fail.
#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "k8sclient/transport/beast_transport.h"
#include "k8sclient/transport/cpprest_transport.h"
#include "unit/k8sclient/transport/transport_test.h"

namespace stowage::k8sclient {

using std::chrono::milliseconds;
using testing::answerJson;
using ::testing::HasSubstr;
using testing::ReceivedRequest;
using testing::Reply;
using testing::ScriptedServer;

std::vector<TransportKind> allTransports() {
  return {{"cpprest", [](const Endpoint& endpoint) { return makeCpprestTransport(endpoint); }},
          {"beast", [](const Endpoint& endpoint) { return makeBeastTransport(endpoint); }}};
}

std::string kindName(const ::testing::TestParamInfo<TransportKind>& info) {
  return info.param.name;
}

class SendTest : public TransportTest {};
INSTANTIATE_TEST_SUITE_P(Both, SendTest, ::testing::ValuesIn(allTransports()), kindName);

TEST_P(SendTest, AnAnswerArrivesWithStatusLowerCaseHeadersAndBody) {
  ScriptedServer server;
  server.enqueue(answerJson(201, R"({"a":1})", {{"X-Kubernetes-PF-FlowSchema-UID", "uid 1"}}));
  const auto transport = transportTo(plainEndpoint(server));
  const auto answer = transport->send(getRequest("/api/v1/pods?limit=5"), kLong, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, R"({"a":1})");
  ASSERT_NE(answer->header("x-kubernetes-pf-flowschema-uid"), nullptr);
  EXPECT_EQ(*answer->header("x-kubernetes-pf-flowschema-uid"), "uid 1");
  EXPECT_EQ(server.requests().at(0).method, "GET");
  EXPECT_EQ(server.requests().at(0).target, "/api/v1/pods?limit=5");
}

TEST_P(SendTest, MethodBodyHeadersAndEncodedTargetArriveUnchanged) {
  ScriptedServer server;
  server.onRequest(answerJson(200, "{}"));
  Endpoint endpoint = plainEndpoint(server);
  endpoint.path_prefix = "/clusters/a";
  const auto transport = transportTo(endpoint);
  for (const Method method :
       {Method::kGet, Method::kPost, Method::kPut, Method::kPatch, Method::kDelete}) {
    HttpRequest request = getRequest("/api/v1/pods/a%2Fb%20c?labelSelector=a%3Db%2Cc&x=%E4%BD%A0");
    request.method = method;
    request.headers = {{"Authorization", "Bearer secret"}, {"Accept", "application/json"}};
    if (method != Method::kGet) {
      request.body = R"({"kind":"Binding"})";
      request.content_type = "application/merge-patch+json";
    }
    const auto answer = transport->send(request, kLong, {});
    ASSERT_TRUE(answer) << answer.error().message;
    const ReceivedRequest seen = server.requests().back();
    EXPECT_EQ(seen.method, methodName(method));
    EXPECT_EQ(seen.target, "/clusters/a/api/v1/pods/a%2Fb%20c?labelSelector=a%3Db%2Cc&x=%E4%BD%A0");
    EXPECT_EQ(seen.body, request.body);
    EXPECT_EQ(seen.header("content-type"), request.content_type);
    EXPECT_EQ(seen.header("authorization"), "Bearer secret");
    EXPECT_EQ(seen.header("accept"), "application/json");
  }
}

TEST_P(SendTest, AWriteWithoutABodyIsSentWithoutOne) {
  ScriptedServer server;
  server.onRequest(answerJson(200, "{}"));
  const auto transport = transportTo(plainEndpoint(server));
  HttpRequest request = getRequest("/x");
  request.method = Method::kDelete;
  ASSERT_TRUE(transport->send(request, kLong, {}));
  EXPECT_EQ(server.requests().at(0).body, "");
  EXPECT_EQ(server.requests().at(0).header("content-type"), "");
}

TEST_P(SendTest, AChunkedBodyIsPutTogetherWhereverItWasCut) {
  std::string body;
  for (int i = 0; i < 300; ++i) body += "line " + std::to_string(i) + "\n";
  for (const std::size_t size : {1U, 2U, 7U, 64U, 5000U}) {
    ScriptedServer server;
    server.onRequest([&](const ReceivedRequest&, Reply& reply) {
      reply.startChunked(200);
      for (std::size_t at = 0; at < body.size(); at += size) reply.chunk(body.substr(at, size));
      reply.endChunks();
    });
    const auto transport = transportTo(plainEndpoint(server));
    const auto answer = transport->send(getRequest("/"), kLong, {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, body) << "chunks of " << size;
  }
}

TEST_P(SendTest, ADribbledAnswerIsWhole) {
  ScriptedServer server;
  server.onRequest([](const ReceivedRequest&, Reply& reply) {
    for (const char c : std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")) {
      if (!reply.raw(std::string(1, c)) || !reply.pause(milliseconds(1))) return;
    }
  });
  const auto transport = transportTo(plainEndpoint(server));
  const auto answer = transport->send(getRequest("/"), kLong, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "hello");
}

TEST_P(SendTest, ABodyWithoutLengthEndsWithTheConnection) {
  ScriptedServer server;
  server.onRequest([](const ReceivedRequest&, Reply& reply) {
    reply.raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
    reply.close();
  });
  const auto transport = transportTo(plainEndpoint(server));
  const auto answer = transport->send(getRequest("/"), kLong, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "until the end");
}

TEST_P(SendTest, AnswersWithoutBodyAreComplete) {
  ScriptedServer server;
  server.onRequest([](const ReceivedRequest& request, Reply& reply) {
    const bool first = request.on_connection == 0;
    reply.raw(first ? "HTTP/1.1 204 No Content\r\n\r\n"
                    : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  const auto transport = transportTo(plainEndpoint(server));
  for (int i = 0; i < 3; ++i) {
    const auto answer = transport->send(getRequest("/"), kLong, {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "");
  }
}

TEST_P(SendTest, ConnectionsAreUsedAgain) {
  ScriptedServer server;
  server.onRequest(answerJson(200, "{}"));
  const auto transport = transportTo(plainEndpoint(server));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(transport->send(getRequest("/"), kLong, {}));
  // cpprestsdk returns a connection slightly after the answer, so a few more may be opened.
  EXPECT_LT(server.connectionCount(), 15);
}

TEST_P(SendTest, ErrorStatusesAreAnswersNotFailures) {
  for (const int status : {400, 401, 403, 404, 409, 410, 422, 429, 500, 503}) {
    ScriptedServer server;
    server.onRequest(answerJson(status, "not json <html>", {{"Retry-After", "7"}}));
    const auto transport = transportTo(plainEndpoint(server));
    const auto answer = transport->send(postRequest("/", "{}"), kLong, {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, status);
    EXPECT_EQ(answer->body, "not json <html>");
    EXPECT_EQ(*answer->header("retry-after"), "7");
    EXPECT_EQ(server.requestCount(), 1U);
  }
}

TEST_P(SendTest, RedirectsAreNotFollowed) {
  ScriptedServer other;
  ScriptedServer server;
  server.onRequest(answerJson(302, "", {{"Location", other.url() + "/stolen"}}));
  const auto transport = transportTo(plainEndpoint(server));
  HttpRequest request = getRequest("/");
  request.headers = {{"Authorization", "Bearer secret"}};
  const auto answer = transport->send(request, kLong, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(other.requestCount(), 0U);
}

TEST_P(SendTest, APostWhosePooledConnectionDiesIsSentOnce) {
  for (const bool reset : {false, true}) {
    ScriptedServer server;
    server.onRequest([reset](const ReceivedRequest& request, Reply& reply) {
      if (request.method == "GET") {
        reply.json(200, "{}");
      } else if (reset) {
        reply.reset();
      } else {
        reply.close();
      }
    });
    const auto transport = transportTo(plainEndpoint(server));
    ASSERT_TRUE(transport->send(getRequest("/"), kLong, {}));
    const auto answer = transport->send(postRequest("/bind", "{}"), kLong, {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, base::Code::kUnavailable);
    EXPECT_EQ(answer.error().phase, Phase::kSent) << answer.error().message;
    EXPECT_EQ(server.requestCount(), 2U);
    // The transport is still good.
    const auto next = transport->send(postRequest("/bind", "{}"), kLong, {});
    EXPECT_FALSE(next);
    EXPECT_TRUE(transport->send(getRequest("/"), kLong, {}));
    EXPECT_EQ(server.requestCount(), 4U);
  }
}

TEST_P(SendTest, ADeleteWithoutBodyIsSentOnceToo) {
  ScriptedServer server;
  server.onRequest([](const ReceivedRequest& request, Reply& reply) {
    if (request.method == "GET") {
      reply.json(200, "{}");
    } else {
      reply.close();
    }
  });
  const auto transport = transportTo(plainEndpoint(server));
  ASSERT_TRUE(transport->send(getRequest("/"), kLong, {}));
  HttpRequest request = getRequest("/pods/a");
  request.method = Method::kDelete;
  const auto answer = transport->send(request, kLong, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().phase, Phase::kSent) << answer.error().message;
  EXPECT_EQ(server.requestCount(), 2U);
}

TEST_P(SendTest, AServerThatClosesEveryConnectionAfterItsAnswerIsNoError) {
  ScriptedServer server;
  server.onRequest([](const ReceivedRequest&, Reply& reply) {
    reply.json(200, "{}");
    reply.close();
  });
  const auto transport = transportTo(plainEndpoint(server));
  for (int i = 0; i < 10; ++i) {
    const auto answer = transport->send(getRequest("/"), kLong, {});
    ASSERT_TRUE(answer) << i << ": " << answer.error().message;
    // Let the close arrive: a GET must survive a connection that died in the pool.
    ASSERT_TRUE(server.waitForNoConnections());
  }
  EXPECT_EQ(server.requestCount(), 10U);
}

TEST_P(SendTest, ARefusedConnectionSentNothing) {
  Endpoint endpoint;
  endpoint.scheme = "http";
  endpoint.host = "127.0.0.1";
  endpoint.port = "1";  // a port that was free a moment ago may be another test's by now
  const auto transport = transportTo(endpoint);
  const auto answer = transport->send(postRequest("/", "{}"), kLong, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::Code::kUnavailable);
  EXPECT_EQ(answer.error().phase, Phase::kConnect);
  const auto read = transport->send(getRequest("/"), kLong, {});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().phase, Phase::kConnect) << read.error().message;
  EXPECT_THAT(read.error().message, HasSubstr("127.0.0.1:1")) << "which server?";
}

TEST_P(SendTest, AnUnknownHostSentNothing) {
  Endpoint endpoint;
  endpoint.scheme = "http";
  endpoint.host = "no-such-host.invalid";
  endpoint.port = "80";
  const auto transport = transportTo(endpoint);
  const auto answer = transport->send(getRequest("/"), kLong, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().phase, Phase::kConnect) << answer.error().message;
  EXPECT_THAT(answer.error().message, HasSubstr("no-such-host.invalid"));
}

TEST_P(SendTest, TheDeadlineIsTotalAlsoWhenThePeerDribbles) {
  ScriptedServer server;
  server.onRequest([](const ReceivedRequest&, Reply& reply) {
    reply.raw("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (reply.raw("x") && reply.pause(milliseconds(20))) {
    }
  });
  const auto transport = transportTo(plainEndpoint(server));
  EXPECT_TRUE(withGrowingLimit([&](milliseconds limit) {
    const auto start = std::chrono::steady_clock::now();
    const auto answer = transport->send(postRequest("/", "{}"), limit, {});
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, limit - milliseconds(1));
    EXPECT_LT(took, limit + kLong) << "a byte every 20 ms would go on for half an hour";
    if (answer) return false;
    EXPECT_EQ(answer.error().code, base::Code::kTimeout) << answer.error().message;
    return answer.error().phase == Phase::kBody;
  }));
}

TEST_P(SendTest, ASilentServerIsATimeoutAfterSending) {
  ScriptedServer server;
  server.onRequest(testing::stall());
  const auto transport = transportTo(plainEndpoint(server));
  EXPECT_TRUE(withGrowingLimit([&](milliseconds limit) {
    const auto answer = transport->send(postRequest("/", "{}"), limit, {});
    if (answer) return false;
    EXPECT_EQ(answer.error().code, base::Code::kTimeout);
    return answer.error().phase == Phase::kSent;
  }));
  // The connection is given back to the system: the server sees it close.
  EXPECT_TRUE(server.waitForNoConnections());
}

TEST_P(SendTest, StoppingEndsAWaitPromptly) {
  ScriptedServer server;
  server.onRequest(testing::stall());
  const auto transport = transportTo(plainEndpoint(server));
  std::stop_source stop;
  auto result = std::async(std::launch::async, [&] {
    return transport->send(postRequest("/", "{}"), kLong, stop.get_token());
  });
  ASSERT_TRUE(server.waitForRequests(1));
  const auto start = std::chrono::steady_clock::now();
  stop.request_stop();
  const auto answer = result.get();
  EXPECT_LT(std::chrono::steady_clock::now() - start, kLong / 2);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::Code::kCancelled);
  EXPECT_EQ(answer.error().phase, Phase::kSent);
}

TEST_P(SendTest, ALineBreakInTargetOrHeadersIsRefused) {
  ScriptedServer server;
  const auto transport = transportTo(plainEndpoint(server));
  HttpRequest bad = getRequest("/a HTTP/1.1\r\nX: y");
  auto answer = transport->send(bad, kLong, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::Code::kInvalidArgument);
  bad = getRequest("/a");
  bad.headers = {{"X", "y\r\nZ: z"}};
  answer = transport->send(bad, kLong, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(server.connectionCount(), 0);
}

TEST_P(SendTest, InterimAnswersAreSkipped) {
  if (GetParam().name == "cpprest") return;  // the library takes 1xx for the answer; none is sent
  ScriptedServer server;
  server.onRequest([](const ReceivedRequest&, Reply& reply) {
    reply.raw(
        "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const auto transport = transportTo(plainEndpoint(server));
  for (int i = 0; i < 2; ++i) {
    const auto answer = transport->send(getRequest("/"), kLong, {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "ok");
  }
}

TEST_P(SendTest, AStopBeforeTheCallSendsNothing) {
  ScriptedServer server;
  const auto transport = transportTo(plainEndpoint(server));
  std::stop_source stop;
  stop.request_stop();
  // Once with nothing, once with a pooled connection, where an answer would come at once.
  for (std::size_t sent = 0; sent < 2; ++sent) {
    const auto answer = transport->send(postRequest("/", "{}"), kLong, stop.get_token());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, base::Code::kCancelled);
    EXPECT_EQ(server.requestCount(), sent);
    ASSERT_TRUE(transport->send(getRequest("/"), kLong, {}));
  }
}

TEST_P(SendTest, ACutBodyIsAnError) {
  struct Case {
    const char* name;
    const char* bytes;
  };
  for (const Case& c : {Case{"length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"},
                        Case{"mid chunk",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "a\r\nhalf"},
                        Case{"no last chunk",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                             "\r\n4\r\nhalf\r\n"}}) {
    ScriptedServer server;
    server.onRequest([&](const ReceivedRequest&, Reply& reply) {
      reply.raw(c.bytes);
      reply.close();
    });
    const auto transport = transportTo(plainEndpoint(server));
    const auto answer = transport->send(postRequest("/", "{}"), kLong, {});
    ASSERT_FALSE(answer) << c.name;
    EXPECT_EQ(answer.error().code, base::Code::kUnavailable) << c.name;
    EXPECT_EQ(answer.error().phase, Phase::kBody) << c.name << ": " << answer.error().message;
    EXPECT_EQ(server.requestCount(), 1U) << c.name;
  }
}

TEST_P(SendTest, GarbageIsAnErrorWithoutACrash) {
  for (const std::string& bytes :
       {std::string("garbage\r\n\r\n"), std::string("HTTP/1.1\r\n\r\n"),
        std::string("HTTP/1.1 abc OK\r\n\r\n"), std::string("\0\0\0\0\r\n\r\n", 8),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nabc\r\n0\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"),
        std::string(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc\r\n")}) {
    ScriptedServer server;
    server.onRequest([&](const ReceivedRequest&, Reply& reply) {
      reply.raw(bytes);
      reply.close();
    });
    const auto transport = transportTo(plainEndpoint(server));
    const auto answer = transport->send(postRequest("/", "{}"), kLong, {});
    EXPECT_FALSE(answer) << bytes;
    EXPECT_EQ(server.requestCount(), 1U) << bytes;
  }
}

TEST_P(SendTest, ALargeBodyArrivesWhole) {
  const std::string body(8 << 20, 'x');
  ScriptedServer server;
  server.onRequest(answerJson(200, body));
  const auto transport = transportTo(plainEndpoint(server));
  const auto answer = transport->send(postRequest("/", body), kLong, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body.size(), body.size());
  EXPECT_EQ(server.requests().at(0).body.size(), body.size());
}

TEST_P(SendTest, ManyThreadsShareATransport) {
  ScriptedServer server;
  server.onRequest(
      [](const ReceivedRequest& request, Reply& reply) { reply.json(200, request.body); });
  const auto transport = transportTo(plainEndpoint(server));
  std::vector<std::jthread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const std::string body = std::to_string(t * 1000 + i);
        const auto answer = transport->send(postRequest("/", body), kLong, {});
        if (answer && answer->body == body) ++good;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(good, 100);
}

}  // namespace stowage::k8sclient
