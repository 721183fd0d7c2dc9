// The watch half of list and watch: events, how streams end, and what is asked next.
#include "unit/k8sclient/watch/reflector_fixture.h"

namespace stowage::k8sclient {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using End = StreamEnd::Reason;
using std::chrono::seconds;
using testing::apiError;
using testing::unreachable;

class WatchTest : public ReflectorTest {
 protected:
  WatchTest() { listFirst(); }
  // What was asked after the first list and watch.
  std::vector<std::string> askedAfterFirstWatch() const {
    auto lines = asked();
    lines.erase(lines.begin(), lines.begin() + 2);
    return lines;
  }
  // What was delivered after the first list.
  std::vector<std::string> changes() const { return {sink_.calls.begin() + 1, sink_.calls.end()}; }
};

TEST_F(WatchTest, DeliversEventsInOrderAndTakesTheirVersions) {
  api_.stream({eventLine("ADDED", podJson("b", "11")), eventLine("MODIFIED", podJson("a", "12")),
               eventLine("DELETED", podJson("b", "13"))});
  run();
  EXPECT_THAT(changes(), ElementsAre("applied b@11", "applied a@12", "deleted b@13"));
  EXPECT_THAT(askedAfterFirstWatch(), ElementsAre("WATCH resourceVersion=13"));
}

TEST_F(WatchTest, BookmarkMovesTheVersionAndDeliversNothing) {
  api_.stream({bookmarkLine("42")});
  run();
  EXPECT_THAT(changes(), IsEmpty());
  EXPECT_THAT(askedAfterFirstWatch(), ElementsAre("WATCH resourceVersion=42"));
  EXPECT_EQ(reflector_->health().last_resource_version, "42");
}

TEST_F(WatchTest, ProperEndIsTakenUpAtOnceWithoutAList) {
  api_.stream({}, End::kComplete, [&] { clock_.advance(seconds(400)); });
  run();
  EXPECT_THAT(askedAfterFirstWatch(), ElementsAre("WATCH resourceVersion=10"));
  EXPECT_THAT(waits(), IsEmpty());
}

TEST_F(WatchTest, EndWithinASecondWithoutEventsWaitsAndLists) {
  api_.stream({}, End::kComplete, [&] { clock_.advance(std::chrono::milliseconds(900)); });
  api_.answer(listJson("11", {}));
  run();
  EXPECT_THAT(askedAfterFirstWatch(),
              ElementsAre("GET resourceVersion=10", "WATCH resourceVersion=11"));
  EXPECT_THAT(waits(), ElementsAre(backoffStep(0)));
}

TEST_F(WatchTest, EndWithinASecondAfterAnEventIsNormal) {
  api_.stream({eventLine("ADDED", podJson("b", "11"))});
  run();
  EXPECT_THAT(askedAfterFirstWatch(), ElementsAre("WATCH resourceVersion=11"));
  EXPECT_THAT(waits(), IsEmpty());
}

TEST_F(WatchTest, RefusedConnectionWaitsAndWatchesAgainWithoutAList) {
  api_.refuseStream(unreachable()).refuseStream(unreachable());
  run();
  EXPECT_THAT(askedAfterFirstWatch(),
              ElementsAre("WATCH resourceVersion=10", "WATCH resourceVersion=10"));
  EXPECT_THAT(waits(), ElementsAre(backoffStep(0), backoffStep(1)));
}

TEST_F(WatchTest, ErrorEventsAndRefusalsLeadToTheRightNextCall) {
  struct Case {
    const char* name;
    int code;
    const char* reason;
    bool as_event;
    const char* next;
  };
  const Case cases[] = {
      {"event 410", 410, "Expired", true, "GET resourceVersion=10"},
      {"event 410 by reason Gone", 0, "Gone", true, "GET resourceVersion=10"},
      {"event 429", 429, "TooManyRequests", true, "WATCH resourceVersion=10"},
      {"event 500", 500, "InternalError", true, "WATCH resourceVersion=10"},
      {"event unknown", 418, "Teapot", true, "GET resourceVersion=10"},
      {"event 403", 403, "Forbidden", true, "GET resourceVersion=10"},
      {"status 410", 410, "Expired", false, "GET resourceVersion=10"},
      {"status 429", 429, "TooManyRequests", false, "WATCH resourceVersion=10"},
      {"status 401", 401, "Unauthorized", false, "WATCH resourceVersion=10"},
      {"status 503", 503, "ServiceUnavailable", false, "WATCH resourceVersion=10"},
      {"status 403", 403, "Forbidden", false, "GET resourceVersion=10"},
      {"status 404", 404, "NotFound", false, "GET resourceVersion=10"},
  };
  for (const Case& c : cases) {
    testing::ScriptedApiClient api;
    std::stop_source stop;
    api.stopAtEnd(stop);
    RecordingSink sink;
    testing::SteppingClock clock;
    api.answer(listJson("10", {}));
    if (c.as_event) {
      api.stream({errorLine(c.code, c.reason)});
    } else {
      api.refuseStream(apiError(c.code, c.reason));
    }
    Reflector<kubeapi::Pod> reflector(options_, api, sink, clock, 1, base::nullMetricSink());
    reflector.run(stop.get_token());
    const std::string next = api.asked().at(2);
    const std::string want(c.next);
    EXPECT_EQ(next.substr(0, 3), want.substr(0, 3)) << c.name;
    EXPECT_THAT(next, HasSubstr("resourceVersion=10")) << c.name;
    EXPECT_EQ(clock.sleeps().size(), 1U) << c.name;
    EXPECT_NE(reflector.health().last_error, "") << c.name;
  }
}

TEST_F(WatchTest, InternalErrorsThatLastLongerThanTheirBudgetLeadToAList) {
  // Waits of 0.8.., 1.6.., 3.2.., 6.4.., 12.8.. s: thirty seconds have passed after five or six.
  for (int i = 0; i < 7; ++i) api_.stream({errorLine(500, "InternalError")});
  run();
  const auto lines = askedAfterFirstWatch();
  const auto list = std::find_if(lines.begin(), lines.end(),
                                 [](const std::string& line) { return line.starts_with("GET"); });
  ASSERT_NE(list, lines.end());
  EXPECT_GE(list - lines.begin(), 3);
}

TEST_F(WatchTest, EventAfterAnInternalErrorRenewsTheBudget) {
  api_.stream({errorLine(500, "InternalError")})
      .stream({eventLine("ADDED", podJson("b", "11"))}, End::kComplete,
              [&] { clock_.advance(seconds(60)); })
      .stream({errorLine(500, "InternalError")});
  run();
  EXPECT_EQ(askedAfterFirstWatch().back(), "WATCH resourceVersion=11");
}

TEST_F(WatchTest, SilencePastTheLimitWatchesAgainAtTheLastVersion) {
  api_.stream({eventLine("ADDED", podJson("b", "11"))}, End::kIdle,
              [&] { clock_.advance(seconds(180)); });
  run();
  EXPECT_THAT(askedAfterFirstWatch(), ElementsAre("WATCH resourceVersion=11"));
  EXPECT_EQ(api_.calls().at(1).timeout, seconds(180));
  EXPECT_THAT(reflector_->health().last_error, HasSubstr("idle"));
  EXPECT_GE(reflector_->health().last_event_age, seconds(180));
}

TEST_F(WatchTest, CutInTheMiddleOfAnEventLosesOnlyThatEventAndAsksForItAgain) {
  const std::string line = eventLine("ADDED", podJson("b", "11"));
  api_.stream({line, eventLine("ADDED", podJson("c", "12")).substr(0, 40)}, End::kTruncated);
  api_.stream({eventLine("ADDED", podJson("c", "12"))});
  run();
  EXPECT_THAT(changes(), ElementsAre("applied b@11", "applied c@12"));
  EXPECT_THAT(askedAfterFirstWatch(),
              ElementsAre("WATCH resourceVersion=11", "WATCH resourceVersion=12"));
}

TEST_F(WatchTest, UnknownEventTypeIsSkipped) {
  api_.stream({eventLine("RENAMED", podJson("z", "99")), eventLine("ADDED", podJson("b", "11"))});
  run();
  EXPECT_THAT(changes(), ElementsAre("applied b@11"));
  EXPECT_THAT(askedAfterFirstWatch(), ElementsAre("WATCH resourceVersion=11"));
}

TEST_F(WatchTest, GarbageLineEndsTheStreamAndLists) {
  api_.stream({"not json\n", eventLine("ADDED", podJson("b", "11"))});
  api_.answer(listJson("12", {podJson("b", "11")}));
  run();
  EXPECT_THAT(changes(), ElementsAre("replaced b@11 at 12"));
  EXPECT_THAT(askedAfterFirstWatch(),
              ElementsAre("GET resourceVersion=10", "WATCH resourceVersion=12"));
  EXPECT_THAT(waits(), ElementsAre(backoffStep(0)));
}

TEST_F(WatchTest, LineAboveSixteenMegabytesEndsTheStreamAndLists) {
  const std::string chunk(std::size_t{1} << 20, 'x');
  std::vector<std::string> pieces(18, chunk);
  api_.stream(pieces);
  api_.answer(listJson("12", {}));
  run();
  EXPECT_THAT(askedAfterFirstWatch(),
              ElementsAre("GET resourceVersion=10", "WATCH resourceVersion=12"));
}

TEST_F(WatchTest, BadObjectIsSkippedAndTheStreamGoesOnAfterIt) {
  const std::string bad = R"(,"spec":{"containers":"many"})";
  api_.stream({eventLine("MODIFIED", podJson("a", "11", bad)),
               eventLine("DELETED", podJson("b", "12", bad)),
               eventLine("ADDED", podJson("c", "13"))});
  run();
  EXPECT_THAT(changes(), ElementsAre("bad ns/a", "deletedUnread ns/b", "applied c@13"));
  EXPECT_EQ(reflector_->health().bad_objects, 2U);
  EXPECT_THAT(askedAfterFirstWatch(), ElementsAre("WATCH resourceVersion=13"));
}

TEST_F(WatchTest, VersionOfABadObjectIsTakenToo) {
  api_.stream({eventLine("MODIFIED", podJson("a", "11", R"(,"spec":{"containers":"many"})"))});
  run();
  EXPECT_THAT(askedAfterFirstWatch(), ElementsAre("WATCH resourceVersion=11"));
}

TEST_F(WatchTest, DeletionThatWasMissedIsFoundByTheNextList) {
  api_.stream({errorLine(410, "Expired")}).answer(listJson("20", {}));
  run();
  EXPECT_THAT(changes(), ElementsAre("replaced at 20"));
}

TEST_F(WatchTest, WatchTimeoutsAreSpreadOverFiveToTenMinutes) {
  for (int i = 0; i < 40; ++i) api_.stream({bookmarkLine("11")});
  run();
  std::vector<int> timeouts;
  for (const std::string& line : api_.asked()) {
    const std::size_t at = line.find("timeoutSeconds=");
    if (at != std::string::npos) timeouts.push_back(std::stoi(line.substr(at + 15)));
  }
  EXPECT_THAT(timeouts, ::testing::Each(::testing::AllOf(::testing::Ge(300), ::testing::Le(600))));
  const auto [least, most] = std::minmax_element(timeouts.begin(), timeouts.end());
  EXPECT_LT(*least, 350);
  EXPECT_GT(*most, 550);
}

TEST_F(WatchTest, StreamThatOutlivesItsTimeoutIsClosed) {
  api_.handleStream(
      [this](const testing::AskedCall&, const std::stop_token&,
             const std::function<bool(std::string_view)>& on_data) -> ApiResult<StreamEnd> {
        for (int i = 0; i < 100; ++i) {
          clock_.advance(seconds(60));
          if (!on_data(bookmarkLine(std::to_string(100 + i)))) {
            return StreamEnd{End::kCancelled, "closed"};
          }
        }
        return StreamEnd{End::kComplete, "never closed"};
      });
  run();
  ASSERT_EQ(askedAfterFirstWatch().size(), 1U);
  const int version = std::stoi(askedAfterFirstWatch().front().substr(22));
  EXPECT_GE(version, 100 + 4) << "not before five minutes";
  EXPECT_LE(version, 100 + 10) << "not after ten";
}

TEST_F(WatchTest, BackoffStartsOverAfterTwoQuietMinutes) {
  for (int i = 0; i < 4; ++i) api_.refuseStream(unreachable());
  api_.stream({bookmarkLine("11")}, End::kComplete, [&] { clock_.advance(seconds(200)); });
  api_.refuseStream(unreachable());
  run();
  EXPECT_THAT(waits(), ElementsAre(backoffStep(0), backoffStep(1), backoffStep(2), backoffStep(3),
                                   backoffStep(0)));
}

TEST_F(WatchTest, MadeUpAddedEventsOfAnOpenWatchDoNotMoveTheVersion) {
  // A list without a version makes the watch begin at "": its first events are in no order.
  testing::ScriptedApiClient api;
  api.stopAtEnd(stop_);
  api.answer(listJson("", {}))
      .stream({eventLine("ADDED", podJson("b", "90")), eventLine("ADDED", podJson("c", "20"))})
      .stream({eventLine("ADDED", podJson("b", "90")), eventLine("MODIFIED", podJson("c", "95")),
               eventLine("ADDED", podJson("d", "96"))});
  Reflector<kubeapi::Pod> reflector(options_, api, sink_, clock_, 1, base::nullMetricSink());
  reflector.run(stop_.get_token());
  const auto lines = api.asked();
  EXPECT_THAT(lines.at(2), ::testing::Not(HasSubstr("resourceVersion")));
  EXPECT_THAT(lines.at(3), HasSubstr("resourceVersion=96"));
}

}  // namespace
}  // namespace stowage::k8sclient
