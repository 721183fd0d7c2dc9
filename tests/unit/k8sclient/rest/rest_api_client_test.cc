// The verbs over a scripted transport: headers, retries, errors, limits, metrics.
#include "k8sclient/rest/rest_api_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/version.h"
#include "k8sclient/rest/token_bucket.h"
#include "k8sclient/rest/warnings.h"
#include "unit/k8sclient/rest/rest_fixture.h"

namespace stowage::k8sclient {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(PathTest, PathsAndQueriesAreEncoded) {
  EXPECT_EQ(resourcePath({"", "v1", "pods"}, ""), "/api/v1/pods");
  EXPECT_EQ(resourcePath({"", "v1", "pods"}, "ns", "a", "binding"),
            "/api/v1/namespaces/ns/pods/a/binding");
  EXPECT_EQ(resourcePath({"apps", "v1", "statefulsets"}, "ns"),
            "/apis/apps/v1/namespaces/ns/statefulsets");
  EXPECT_EQ(resourcePath({"", "v1", "nodes"}, "", "a/b c?d#e%\n"),
            "/api/v1/nodes/a%2Fb%20c%3Fd%23e%25%0A");
  EXPECT_EQ(resourcePath({"", "v1", "nodes"}, "", ".."), "/api/v1/nodes/%2E%2E");
  EXPECT_EQ(encodeQuery({}), "");
  EXPECT_EQ(encodeQuery({{"labelSelector", "a=b,c in (d)"}, {"limit", "5"}}),
            "?labelSelector=a%3Db%2Cc%20in%20%28d%29&limit=5");
}

TEST_F(RestApiClientTest, EveryRequestSaysWhoAsks) {
  const auto rest = client();
  ASSERT_TRUE(rest->get("/api/v1/pods?a=b", {.query = {{"limit", "5"}}}, {}));
  const HttpRequest& request = calls_->requests.at(0);
  EXPECT_EQ(request.target, "/api/v1/pods?a=b&limit=5");
  EXPECT_THAT(
      request.headers,
      ElementsAre(Header("Authorization", "Bearer t"), Header("Accept", "application/json"),
                  Header("User-Agent", "stowage-scheduler/" + std::string(base::version()) +
                                           " (linux/amd64) " + std::string(base::commit()))));
  EXPECT_EQ(request.content_type, "");
}

TEST_F(RestApiClientTest, VerbsCarryTheirMethodBodyAndContentType) {
  const auto rest = client();
  ASSERT_TRUE(rest->create("/a", "{1}", {}, {}));
  ASSERT_TRUE(rest->update("/a", "{2}", {}, {}));
  ASSERT_TRUE(rest->patch("/a", PatchType::kJson, "[]", {}, {}));
  ASSERT_TRUE(rest->patch("/a", PatchType::kMerge, "{}", {}, {}));
  ASSERT_TRUE(rest->patch("/a", PatchType::kStrategicMerge, "{}", {}, {}));
  ASSERT_TRUE(rest->patch("/a", PatchType::kApply, "{}", {}, {}));
  ASSERT_TRUE(rest->remove("/a", "", {}, {}));
  std::vector<std::string> seen;
  for (const HttpRequest& r : calls_->requests) {
    seen.push_back(std::string(methodName(r.method)) + " " + r.content_type + " " + r.body);
  }
  EXPECT_THAT(seen, ElementsAre("POST application/json {1}", "PUT application/json {2}",
                                "PATCH application/json-patch+json []",
                                "PATCH application/merge-patch+json {}",
                                "PATCH application/strategic-merge-patch+json {}",
                                "PATCH application/apply-patch+yaml {}", "DELETE  "));
}

TEST_F(RestApiClientTest, TheFastLaneIsUsedWhenAskedForAndThere) {
  const auto rest = client();
  ASSERT_TRUE(rest->create("/a", "{}", {.lane = CallOptions::Lane::kFast}, {}));
  EXPECT_EQ(fast_->requests.size(), 1U);
  sessions_->current->fast = nullptr;
  ASSERT_TRUE(rest->create("/a", "{}", {.lane = CallOptions::Lane::kFast}, {}));
  EXPECT_EQ(calls_->requests.size(), 1U);
}

TEST_F(RestApiClientTest, AStreamTakesTheLaneItAsksFor) {
  const auto rest = client();
  int on_calls = 0;
  int on_fast = 0;
  calls_->on_stream = [&](const auto&, const auto&) { return ++on_calls, StreamEnd{}; };
  fast_->on_stream = [&](const auto&, const auto&) { return ++on_fast, StreamEnd{}; };
  const auto ignore = [](std::string_view) { return true; };
  ASSERT_TRUE(rest->stream("/a?watch=1", {seconds(1)}, {}, ignore));
  EXPECT_EQ(std::pair(on_calls, on_fast), std::pair(1, 0));
  ASSERT_TRUE(rest->stream("/a?watch=1", {seconds(1), CallOptions::Lane::kFast}, {}, ignore));
  EXPECT_EQ(std::pair(on_calls, on_fast), std::pair(1, 1));
}

TEST_F(RestApiClientTest, StatusesBecomeCodesWithReasonAndMessage) {
  struct Case {
    int status;
    const char* reason;
    base::Code want;
  };
  for (const Case& c :
       std::vector<Case>{{400, "BadRequest", base::Code::kInvalidArgument},
                         {401, "Unauthorized", base::Code::kUnauthorized},
                         {403, "Forbidden", base::Code::kForbidden},
                         {404, "NotFound", base::Code::kNotFound},
                         {405, "MethodNotAllowed", base::Code::kUnsupported},
                         {409, "AlreadyExists", base::Code::kAlreadyExists},
                         {409, "Conflict", base::Code::kConflict},
                         {410, "Expired", base::Code::kGone},
                         {413, "RequestEntityTooLarge", base::Code::kInvalidArgument},
                         {415, "UnsupportedMediaType", base::Code::kUnsupported},
                         {422, "Invalid", base::Code::kInvalidArgument},
                         {429, "TooManyRequests", base::Code::kTooManyRequests},
                         {500, "InternalError", base::Code::kUnavailable},
                         {503, "ServiceUnavailable", base::Code::kUnavailable},
                         {504, "Timeout", base::Code::kTimeout},
                         {302, "", base::Code::kInternal}}) {
    const auto rest = client();
    calls_->answers.push_back(
        answer(c.status, std::string(R"({"kind":"Status","message":"m","reason":")") + c.reason +
                             R"(","code":)" + std::to_string(c.status) + "}"));
    const auto got = rest->get("/a", {}, {});
    ASSERT_FALSE(got) << c.status;
    EXPECT_EQ(got.error().code, c.want) << c.status << " " << c.reason;
    EXPECT_EQ(got.error().http_status, c.status);
    EXPECT_EQ(got.error().reason, c.reason);
    EXPECT_FALSE(got.error().outcome_unknown);
  }
}

TEST_F(RestApiClientTest, AnErrorThatIsNoStatusKeepsItsText) {
  const auto rest = client();
  calls_->answers.push_back(answer(502, "<html>" + std::string(10000, 'x')));
  const auto got = rest->create("/a", "{}", {}, {});
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, HasSubstr("<html>"));
  EXPECT_LE(got.error().message.size(), 2100U);
  EXPECT_TRUE(got.error().outcome_unknown) << "a proxy's error says nothing about the write";
}

TEST_F(RestApiClientTest, AnAnswerThatNamesATimeIsTriedAgainThen) {
  const auto rest = client();
  calls_->answers.push_back(answer(429, "", {{"retry-after", "2"}}));
  calls_->answers.push_back(answer(503, "", {{"retry-after", "1"}}));
  calls_->answers.push_back(answer(201, "done"));
  const auto got = rest->create("/a", "{}", {}, {});
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, "done");
  EXPECT_THAT(clock_.slept, ElementsAre(2000, 1000));
  EXPECT_THAT(calls_->timeouts, ElementsAre(30000, 28000, 27000)) << "one deadline for all";
}

TEST_F(RestApiClientTest, WithoutATimeOrWithOneBeyondTheDeadlineNothingIsTriedAgain) {
  for (const std::vector<Header>& headers : {std::vector<Header>{},
                                             {{"retry-after", "soon"}},
                                             {{"retry-after", "-1"}},
                                             {{"retry-after", "31"}},
                                             {{"retry-after", "99999999999999999999"}}}) {
    const auto rest = client();
    calls_->requests.clear();
    calls_->answers.push_back(answer(429, "", headers));
    const auto got = rest->get("/a", {}, {});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, base::Code::kTooManyRequests);
    EXPECT_EQ(calls_->requests.size(), 1U);
  }
  EXPECT_TRUE(clock_.slept.empty());
}

TEST_F(RestApiClientTest, RetriesEndAfterTen) {
  const auto rest = client();
  for (int i = 0; i < 20; ++i) calls_->answers.push_back(answer(429, "", {{"retry-after", "0"}}));
  EXPECT_FALSE(rest->get("/a", {}, {}));
  EXPECT_EQ(calls_->requests.size(), 11U);
  EXPECT_EQ((sink_.values["rest_client_request_retries_total code=429 verb=GET host=h:1"].total),
            10);
}

TEST_F(RestApiClientTest, AGetIsTriedAgainWhenItsConnectionIsLost) {
  const auto rest = client();
  calls_->answers.push_back(lost(Phase::kSent));
  calls_->answers.push_back(lost(Phase::kBody));
  calls_->answers.push_back(answer(200, "list"));
  EXPECT_TRUE(rest->get("/a", {}, {}));
  EXPECT_THAT(clock_.slept, ElementsAre(1000)) << "at once, then after a second";
}

TEST_F(RestApiClientTest, ARefusedConnectionOrATimeoutIsLeftToTheCaller) {
  for (const auto& loss : {lost(Phase::kConnect), lost(Phase::kSent, base::Code::kTimeout),
                           lost(Phase::kBody, base::Code::kResourceExhausted)}) {
    const auto rest = client();
    calls_->requests.clear();
    calls_->answers.push_back(loss);
    EXPECT_FALSE(rest->get("/a", {}, {}));
    EXPECT_EQ(calls_->requests.size(), 1U);
  }
}

TEST_F(RestApiClientTest, AWriteIsNeverSentAgainAfterATransportError) {
  struct Case {
    Phase phase;
    base::Code code;
    bool unknown;
  };
  for (const Case& c : {Case{Phase::kConnect, base::Code::kUnavailable, false},
                        Case{Phase::kConnect, base::Code::kTimeout, false},
                        Case{Phase::kSent, base::Code::kUnavailable, true},
                        Case{Phase::kSent, base::Code::kTimeout, true},
                        Case{Phase::kSent, base::Code::kCancelled, true},
                        Case{Phase::kBody, base::Code::kUnavailable, true}}) {
    for (const Method method : {Method::kPost, Method::kPut, Method::kPatch, Method::kDelete}) {
      const auto rest = client();
      calls_->requests.clear();
      calls_->answers.push_back(lost(c.phase, c.code));
      const auto got = rest->call(method, "/a", "{}", "application/json", {}, {});
      ASSERT_FALSE(got);
      EXPECT_EQ(got.error().code, c.code);
      EXPECT_EQ(got.error().outcome_unknown, c.unknown);
      EXPECT_EQ(calls_->requests.size(), 1U);
    }
  }
}

TEST_F(RestApiClientTest, AWriteThatMayHaveBeenDoneStaysUnknownOverItsRetries) {
  const auto rest = client();
  calls_->answers.push_back(answer(504, "", {{"retry-after", "1"}}));
  calls_->answers.push_back(answer(409, R"({"kind":"Status","reason":"AlreadyExists"})"));
  const auto got = rest->create("/a", "{}", {}, {});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, base::Code::kAlreadyExists);
  EXPECT_TRUE(got.error().outcome_unknown) << "what exists may be ours";
}

TEST_F(RestApiClientTest, RefusedCredentialsAreReportedWithTheStartOfTheRequest) {
  const auto rest = client();
  calls_->answers.push_back(answer(401));
  EXPECT_EQ(rest->get("/a", {}, {}).error().code, base::Code::kUnauthorized);
  EXPECT_THAT(sessions_->refused, ElementsAre(clock_.now()));
  EXPECT_EQ(calls_->requests.size(), 1U) << "the failed request is not repeated";
}

TEST_F(RestApiClientTest, WithoutCredentialsNothingIsSent) {
  const auto rest = client();
  sessions_->error = {base::Code::kUnavailable, "plugin failed"};
  const auto got = rest->create("/a", "{}", {}, {});
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, HasSubstr("plugin failed"));
  EXPECT_FALSE(got.error().outcome_unknown);
  EXPECT_TRUE(calls_->requests.empty());
}

TEST_F(RestApiClientTest, RequestsAreCountedByCodeAndMethod) {
  const auto rest = client();
  EXPECT_TRUE(rest->get("/a", {}, {}));
  EXPECT_TRUE(rest->get("/a", {}, {}));
  calls_->answers.push_back(lost(Phase::kConnect));
  EXPECT_FALSE(rest->create("/a", "{}", {}, {}));
  EXPECT_EQ(sink_.values["rest_client_requests_total code=200 method=GET host=h:1"].total, 2);
  EXPECT_EQ(sink_.values["rest_client_requests_total code=<error> method=POST host=h:1"].total, 1);
  EXPECT_EQ(sink_.values["rest_client_request_duration_seconds verb=GET host=h:1"].total, 2);
  // Only exchanges that had an answer have sizes.
  EXPECT_EQ(sink_.values["rest_client_request_size_bytes verb=GET host=h:1"].total, 2);
  EXPECT_EQ(sink_.values["rest_client_response_size_bytes verb=GET host=h:1"].total, 2);
  EXPECT_EQ(sink_.values["rest_client_response_size_bytes verb=POST host=h:1"].total, 0);
}

TEST_F(RestApiClientTest, TheClientSideLimitDelaysCallsButNotStreams) {
  const auto rest = client({.user_agent = "x", .qps = 2, .burst = 3});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(rest->get("/a", {}, {}));
  EXPECT_THAT(clock_.slept, ElementsAre(500, 500));
  EXPECT_EQ(sink_.values["rest_client_rate_limiter_duration_seconds verb=GET host=h:1"].total, 5);
  calls_->on_stream = [](const std::stop_token&, const StreamHandlers&) { return StreamEnd{}; };
  EXPECT_TRUE(rest->stream("/a?watch=1", {seconds(1)}, {}, [](std::string_view) { return true; }));
  EXPECT_EQ(clock_.slept.size(), 2U);
  const auto late = rest->get("/a", {.timeout = milliseconds(100)}, {});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, base::Code::kTimeout);
  EXPECT_FALSE(late.error().outcome_unknown);
}

TEST_F(RestApiClientTest, AStreamDeliversItsDataAndTellsHowItEnded) {
  const auto rest = client();
  calls_->on_stream = [](const std::stop_token&, const StreamHandlers& handlers) {
    handlers.on_headers({.status = 200, .headers = {}, .body = {}});
    handlers.on_data("a");
    handlers.on_data("b");
    return StreamEnd{StreamEnd::Reason::kIdle, "quiet"};
  };
  std::string seen;
  const auto end = rest->stream("/a?watch=1", {seconds(1)}, {}, [&](std::string_view data) {
    seen += data;
    return true;
  });
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, StreamEnd::Reason::kIdle);
  EXPECT_EQ(seen, "ab");
  EXPECT_EQ(sink_.values["rest_client_requests_total code=200 method=GET host=h:1"].total, 1);
}

TEST_F(RestApiClientTest, ARefusedStreamIsAnApiErrorWithABoundedBody) {
  const auto rest = client();
  calls_->on_stream = [](const std::stop_token&, const StreamHandlers& handlers) {
    handlers.on_headers({.status = 410, .headers = {}, .body = {}});
    handlers.on_data(R"({"kind":"Status","reason":"Expired","message":"too old"})");
    int pieces = 0;
    while (handlers.on_data(std::string(1000, ' '))) ++pieces;
    EXPECT_LT(pieces, 100);
    return StreamEnd{StreamEnd::Reason::kCancelled, ""};
  };
  const auto end = rest->stream("/a", {seconds(1)}, {}, [](std::string_view) {
    ADD_FAILURE() << "an error's body is no data";
    return true;
  });
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, base::Code::kGone);
  EXPECT_EQ(end.error().reason, "Expired");
}

TEST_F(RestApiClientTest, AStreamEndsInOrderWhenItsCredentialsAreReplaced) {
  const auto rest = client();
  std::stop_source generation;
  sessions_->current->replaced = generation.get_token();
  calls_->on_stream = [&](const std::stop_token& stop, const StreamHandlers& handlers) {
    handlers.on_headers({.status = 200, .headers = {}, .body = {}});
    EXPECT_FALSE(stop.stop_requested());
    generation.request_stop();
    EXPECT_TRUE(stop.stop_requested());
    return StreamEnd{StreamEnd::Reason::kCancelled, "stopped"};
  };
  const auto end = rest->stream("/a", {seconds(1)}, {}, [](std::string_view) { return true; });
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, StreamEnd::Reason::kComplete) << "so that the watch goes on at once";
}

TEST_F(RestApiClientTest, AStopOfTheCallerIsAStopOfTheStream) {
  const auto rest = client();
  std::stop_source stop;
  calls_->on_stream = [&](const std::stop_token& token, const StreamHandlers& handlers) {
    handlers.on_headers({.status = 200, .headers = {}, .body = {}});
    stop.request_stop();
    EXPECT_TRUE(token.stop_requested());
    return StreamEnd{StreamEnd::Reason::kCancelled, "stopped"};
  };
  const auto end =
      rest->stream("/a", {seconds(1)}, stop.get_token(), [](std::string_view) { return true; });
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, StreamEnd::Reason::kCancelled);
}

TEST(TokenBucketTest, BurstsPassAndThenTheRateHolds) {
  TokenBucket bucket(10, 5);
  base::SteadyTime now{seconds(100)};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bucket.take(now, seconds(9)), base::Duration::zero());
  EXPECT_EQ(bucket.take(now, seconds(9)), milliseconds(100));
  EXPECT_EQ(bucket.take(now, seconds(9)), milliseconds(200));
  EXPECT_EQ(bucket.take(now, milliseconds(250)), milliseconds(300)) << "takes nothing";
  EXPECT_EQ(bucket.take(now, seconds(9)), milliseconds(300));
  now += seconds(60);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bucket.take(now, seconds(9)), base::Duration::zero());
  EXPECT_GT(bucket.take(now, seconds(9)), base::Duration::zero()) << "rest is not saved up";
}

TEST(WarningsTest, OnlyCode299AndOnlyWhatIsWellFormedIsRead) {
  EXPECT_THAT(parseWarnings(R"(299 - "a \"b\" c")"), ElementsAre("a \"b\" c"));
  EXPECT_THAT(parseWarnings(R"(299 - "a", 199 - "b", 299 x "c" "Wed, 21 Oct 2015 07:28:00 GMT")"),
              ElementsAre("a", "c"));
  for (const char* bad : {"", "299", "299 -", "299 - a", "299 - \"a", "299 - \"a\\", ",,,"}) {
    EXPECT_TRUE(parseWarnings(bad).empty()) << bad;
  }
}

TEST(WarningsTest, ATextIsRememberedOnceAndTheirNumberIsBounded) {
  WarningLog log(5);
  log.record("299 - \"same\"");
  log.record("299 - \"same\"");
  EXPECT_EQ(log.seen(), 1U);
  std::string many;
  for (int i = 0; i < 30; ++i)
    many += (i > 0 ? ",299 - \"" : "299 - \"") + std::to_string(i) + "\"";
  log.record(many);
  EXPECT_EQ(log.seen(), 5U);
}

}  // namespace
}  // namespace stowage::k8sclient
