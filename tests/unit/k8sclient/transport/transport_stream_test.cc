// stream(): bodies that arrive piece by piece, and how they end.
#include <gmock/gmock.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include "unit/k8sclient/transport/transport_test.h"

namespace stowage::k8sclient {

using std::chrono::milliseconds;
using testing::ReceivedRequest;
using testing::Reply;
using testing::ScriptedServer;

class StreamTest : public TransportTest {
 protected:
  struct Seen {
    std::mutex mutex;
    std::condition_variable changed;
    int status = 0;
    std::string text;
    bool waitForText(std::size_t size) {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, kLong, [&] { return text.size() >= size; });
    }
  };
  static StreamHandlers handlersInto(Seen& seen) {
    StreamHandlers handlers;
    handlers.on_headers = [&seen](const HttpResponse& response) {
      std::lock_guard lock(seen.mutex);
      seen.status = response.status;
      return true;
    };
    handlers.on_data = [&seen](std::string_view data) {
      std::lock_guard lock(seen.mutex);
      seen.text += data;
      seen.changed.notify_all();
      return true;
    };
    return handlers;
  }
};

INSTANTIATE_TEST_SUITE_P(Both, StreamTest, ::testing::ValuesIn(allTransports()), kindName);

TEST_P(StreamTest, PiecesArriveInOrderWhateverTheirSizeAndTheEndIsComplete) {
  const std::string event = R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})"
                            "\n";
  std::string all;
  for (int i = 0; i < 20; ++i) all += event;
  for (const std::size_t size : {1U, 3U, 53U, 100U, 100000U}) {
    ScriptedServer server;
    server.onRequest([&](const ReceivedRequest&, Reply& reply) {
      reply.startChunked(200);
      for (std::size_t at = 0; at < all.size(); at += size) reply.chunk(all.substr(at, size));
      reply.endChunks();
    });
    const auto transport = transportTo(plainEndpoint(server));
    Seen seen;
    const auto end =
        transport->stream(getRequest("/?watch=1"), kLong, kLong, {}, handlersInto(seen));
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_EQ(end->reason, StreamEnd::Reason::kComplete) << end->message;
    EXPECT_EQ(seen.status, 200);
    EXPECT_EQ(seen.text, all) << "chunks of " << size;
  }
}

TEST_P(StreamTest, APieceIsDeliveredBeforeTheNextOneIsSent) {
  ScriptedServer server;
  Seen seen;
  server.onRequest([&](const ReceivedRequest&, Reply& reply) {
    reply.startChunked(200);
    for (std::size_t i = 1; i <= 5; ++i) {
      reply.chunk("0123456789");
      if (!seen.waitForText(10 * i)) return;
    }
    reply.endChunks();
  });
  const auto transport = transportTo(plainEndpoint(server));
  const auto end = transport->stream(getRequest("/"), kLong, kLong, {}, handlersInto(seen));
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->reason, StreamEnd::Reason::kComplete);
  EXPECT_EQ(seen.text.size(), 50U);
}

TEST_P(StreamTest, ABigEventArrivesWhole) {
  const std::string event(2 << 20, 'e');
  ScriptedServer server;
  server.onRequest([&](const ReceivedRequest&, Reply& reply) {
    reply.startChunked(200);
    reply.chunk(event);
    reply.chunk("\n");
    reply.endChunks();
  });
  const auto transport = transportTo(plainEndpoint(server));
  Seen seen;
  const auto end = transport->stream(getRequest("/"), kLong, kLong, {}, handlersInto(seen));
  ASSERT_TRUE(end);
  EXPECT_EQ(seen.text.size(), event.size() + 1);
}

TEST_P(StreamTest, SilenceBeyondTheIdleLimitEndsTheStream) {
  ScriptedServer server;
  server.onRequest([](const ReceivedRequest&, Reply& reply) {
    reply.startChunked(200);
    reply.chunk("one\n");
    reply.waitForClientToClose();
  });
  const auto transport = transportTo(plainEndpoint(server));
  EXPECT_TRUE(withGrowingLimit([&](milliseconds idle) {
    Seen seen;
    const auto end = transport->stream(getRequest("/"), kLong, idle, {}, handlersInto(seen));
    EXPECT_TRUE(end && end->reason == StreamEnd::Reason::kIdle);
    return seen.text == "one\n";
  }));
  EXPECT_TRUE(server.waitForNoConnections());
}

TEST_P(StreamTest, AReaderThatIsSlowIsNotTakenForSilence) {
  ScriptedServer server;
  server.onRequest([](const ReceivedRequest&, Reply& reply) {
    reply.startChunked(200);
    for (int i = 0; i < 3; ++i) reply.chunk("event\n");
    reply.endChunks();
  });
  const auto transport = transportTo(plainEndpoint(server));
  EXPECT_TRUE(withGrowingLimit([&](milliseconds idle) {
    Seen seen;
    StreamHandlers handlers = handlersInto(seen);
    handlers.on_data = [&](std::string_view data) {
      // Blocks for longer than the idle limit, as back-pressure does.
      std::mutex mutex;
      std::condition_variable never;
      std::unique_lock lock(mutex);
      never.wait_for(lock, idle * 3 / 2);
      seen.text += data;
      return true;
    };
    const auto end = transport->stream(getRequest("/"), kLong, idle, {}, handlers);
    return end && end->reason == StreamEnd::Reason::kComplete && seen.text.size() == 18U;
  }));
}

TEST_P(StreamTest, StoppingASilentStreamIsPrompt) {
  ScriptedServer server;
  server.onRequest([](const ReceivedRequest&, Reply& reply) {
    reply.startChunked(200);
    reply.chunk("one\n");
    reply.waitForClientToClose();
  });
  const auto transport = transportTo(plainEndpoint(server));
  Seen seen;
  std::stop_source stop;
  auto result = std::async(std::launch::async, [&] {
    return transport->stream(getRequest("/"), kLong, kLong, stop.get_token(), handlersInto(seen));
  });
  ASSERT_TRUE(seen.waitForText(4));
  const auto start = std::chrono::steady_clock::now();
  stop.request_stop();
  const auto end = result.get();
  EXPECT_LT(std::chrono::steady_clock::now() - start, kLong / 2);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, StreamEnd::Reason::kCancelled);
  EXPECT_TRUE(server.waitForNoConnections());
}

TEST_P(StreamTest, AReaderEndsTheStreamByReturningFalse) {
  ScriptedServer server;
  server.onRequest([](const ReceivedRequest&, Reply& reply) {
    reply.startChunked(200);
    while (reply.chunk("event\n") && reply.pause(milliseconds(1))) {
    }
  });
  const auto transport = transportTo(plainEndpoint(server));
  Seen seen;
  StreamHandlers handlers = handlersInto(seen);
  handlers.on_data = [](std::string_view) { return false; };
  auto end = transport->stream(getRequest("/"), kLong, kLong, {}, handlers);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, StreamEnd::Reason::kCancelled);
  handlers.on_headers = [](const HttpResponse&) { return false; };
  end = transport->stream(getRequest("/"), kLong, kLong, {}, handlers);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, StreamEnd::Reason::kCancelled);
  EXPECT_TRUE(server.waitForNoConnections());
}

TEST_P(StreamTest, ACutStreamIsTruncatedAfterItsData) {
  for (const bool mid_chunk : {true, false}) {
    for (const bool reset : {true, false}) {
      ScriptedServer server;
      Seen seen;
      server.onRequest([&](const ReceivedRequest&, Reply& reply) {
        reply.startChunked(200);
        reply.chunk("whole\n");
        if (!seen.waitForText(6)) return;
        if (mid_chunk) reply.raw("ff\r\nhalf");
        if (reset) {
          reply.reset();
        } else {
          reply.close();
        }
      });
      const auto transport = transportTo(plainEndpoint(server));
      const auto end = transport->stream(getRequest("/"), kLong, kLong, {}, handlersInto(seen));
      ASSERT_TRUE(end) << end.error().message;
      EXPECT_EQ(end->reason, StreamEnd::Reason::kTruncated) << mid_chunk << reset;
      EXPECT_FALSE(end->message.empty());
      EXPECT_TRUE(seen.text.starts_with("whole\n"));
    }
  }
}

TEST_P(StreamTest, AServerThatNeverSendsHeadersIsATimeout) {
  ScriptedServer server;
  server.onRequest(testing::stall());
  const auto transport = transportTo(plainEndpoint(server));
  EXPECT_TRUE(withGrowingLimit([&](milliseconds limit) {
    Seen seen;
    const auto end = transport->stream(getRequest("/"), limit, kLong, {}, handlersInto(seen));
    if (end) return false;
    EXPECT_EQ(end.error().code, base::Code::kTimeout);
    return end.error().phase == Phase::kSent;
  }));
}

TEST_P(StreamTest, AnErrorStatusComesWithItsBody) {
  ScriptedServer server;
  server.onRequest(testing::answerStatus(410, "Expired", "too old resource version"));
  const auto transport = transportTo(plainEndpoint(server));
  Seen seen;
  const auto end = transport->stream(getRequest("/"), kLong, kLong, {}, handlersInto(seen));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, StreamEnd::Reason::kComplete);
  EXPECT_EQ(seen.status, 410);
  EXPECT_THAT(seen.text, ::testing::HasSubstr("Expired"));
}

TEST_P(StreamTest, AConnectionLostBeforeTheHeadersIsAnError) {
  ScriptedServer server;
  server.onRequest(testing::closeWithoutAnswer());
  const auto transport = transportTo(plainEndpoint(server));
  Seen seen;
  const auto end = transport->stream(getRequest("/"), kLong, kLong, {}, handlersInto(seen));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, base::Code::kUnavailable);
}

TEST_P(StreamTest, StreamsAndCallsRunSideBySide) {
  ScriptedServer server;
  server.onRequest([](const ReceivedRequest& request, Reply& reply) {
    if (request.target != "/watch") return reply.json(200, "{}");
    reply.startChunked(200);
    reply.chunk("event\n");
    reply.waitForClientToClose();
  });
  const auto transport = transportTo(plainEndpoint(server));
  std::stop_source stop;
  std::vector<Seen> seen(8);
  std::vector<std::future<TransportResult<StreamEnd>>> ends;
  ends.reserve(seen.size());
  for (Seen& one : seen) {
    ends.push_back(std::async(std::launch::async, [&] {
      return transport->stream(getRequest("/watch"), kLong, kLong, stop.get_token(),
                               handlersInto(one));
    }));
  }
  for (Seen& one : seen) EXPECT_TRUE(one.waitForText(6));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(transport->send(postRequest("/", "{}"), kLong, {}));
  stop.request_stop();
  for (auto& end : ends) EXPECT_EQ(end.get()->reason, StreamEnd::Reason::kCancelled);
}

}  // namespace stowage::k8sclient
