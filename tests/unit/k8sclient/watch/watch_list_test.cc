// Streaming lists (WatchList), and how the reflector does without them.
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

constexpr const char* kStreamList =
    "WATCH sendInitialEvents=true&resourceVersionMatch=NotOlderThan";

class WatchListTest : public ReflectorTest {
 protected:
  WatchListTest() { options_.use_watch_list = true; }
  static std::string streamListAt(const char* version) {
    return std::string(kStreamList) + "&resourceVersion=" + version;
  }
};

TEST_F(WatchListTest, DeliversTheSnapshotAtItsMarkAndGoesOnWithTheSameStream) {
  api_.stream({eventLine("ADDED", podJson("a", "7")), eventLine("ADDED", podJson("b", "3")),
               bookmarkLine("10", true), eventLine("MODIFIED", podJson("a", "11"))});
  run();
  EXPECT_THAT(asked(), ElementsAre(kStreamList, "WATCH resourceVersion=11"));
  EXPECT_THAT(sink_.calls, ElementsAre("replaced a@7 b@3 at 10", "applied a@11"));
  EXPECT_TRUE(reflector_->health().synced);
}

TEST_F(WatchListTest, ChangesBeforeTheMarkAreInTheSnapshot) {
  api_.stream({eventLine("ADDED", podJson("a", "7")), eventLine("ADDED", podJson("b", "8")),
               eventLine("MODIFIED", podJson("a", "9")), eventLine("DELETED", podJson("b", "10")),
               bookmarkLine("10", true)});
  run();
  EXPECT_THAT(sink_.calls, ElementsAre("replaced a@9 at 10"));
}

TEST_F(WatchListTest, PlainBookmarkBeforeTheMarkMeansNothing) {
  api_.stream({eventLine("ADDED", podJson("a", "7")), bookmarkLine("8"), bookmarkLine("9", true)});
  run();
  EXPECT_THAT(sink_.calls, ElementsAre("replaced a@7 at 9"));
}

TEST_F(WatchListTest, ServerThatCannotIsNeverAskedAgain) {
  for (const int status : {422, 400, 405}) {
    testing::ScriptedApiClient api;
    std::stop_source stop;
    api.stopAtEnd(stop);
    RecordingSink sink;
    api.refuseStream(apiError(status, "Invalid", "sendInitialEvents is forbidden"))
        .answer(listJson("10", {podJson("a", "5")}))
        .stream({errorLine(410, "Expired")})
        .answer(listJson("20", {}));
    Reflector<kubeapi::Pod> reflector(options_, api, sink, clock_, 1, base::nullMetricSink());
    reflector.run(stop.get_token());
    const auto lines = api.asked();
    ASSERT_EQ(lines.size(), 5U) << status;
    EXPECT_THAT(lines[1], HasSubstr("GET")) << status;
    EXPECT_THAT(lines[3], HasSubstr("GET")) << "a relist must not try again, status " << status;
    EXPECT_THAT(sink.calls, ElementsAre("replaced a@5 at 10", "replaced at 20")) << status;
  }
}

TEST_F(WatchListTest, FallingBackDoesNotWait) {
  api_.refuseStream(apiError(422, "Invalid")).answer(listJson("10", {}));
  run();
  EXPECT_THAT(waits(), IsEmpty());
}

TEST_F(WatchListTest, MissingPermissionToWatchStillLists) {
  api_.refuseStream(apiError(403, "Forbidden")).answer(listJson("10", {podJson("a", "5")}));
  run();
  EXPECT_THAT(sink_.calls, ElementsAre("replaced a@5 at 10"));
}

TEST_F(WatchListTest, RefusedConnectionWaitsAndAsksForTheStreamAgain) {
  api_.refuseStream(unreachable()).stream({bookmarkLine("3", true)});
  run();
  EXPECT_THAT(asked(), ElementsAre(kStreamList, kStreamList, "WATCH resourceVersion=3"));
  EXPECT_THAT(waits(), ElementsAre(backoffStep(0)));
}

TEST_F(WatchListTest, StreamWithoutItsMarkDeliversNothingAndFallsBackTheSecondTime) {
  api_.stream({eventLine("ADDED", podJson("a", "7"))}, End::kTruncated)
      .stream({eventLine("ADDED", podJson("b", "7"))}, End::kIdle,
              [&] { clock_.advance(seconds(180)); })
      .answer(listJson("10", {podJson("c", "5")}));
  run();
  EXPECT_THAT(asked(), ElementsAre(kStreamList, kStreamList, "GET limit=500&resourceVersion=0",
                                   "WATCH resourceVersion=10"));
  EXPECT_THAT(sink_.calls, ElementsAre("replaced c@5 at 10"));
  EXPECT_EQ(waits().size(), 2U);
}

TEST_F(WatchListTest, RelistIsAStreamFromTheLastVersionAndThenFromTheNewest) {
  api_.stream({bookmarkLine("10", true), errorLine(410, "Expired")})
      .refuseStream(apiError(410, "Expired"))
      .stream({eventLine("ADDED", podJson("a", "15")), bookmarkLine("20", true)});
  run();
  EXPECT_THAT(asked(), ElementsAre(kStreamList, streamListAt("10"), kStreamList,
                                   "WATCH resourceVersion=20"));
  EXPECT_THAT(sink_.calls, ElementsAre("replaced at 10", "replaced a@15 at 20"));
}

TEST_F(WatchListTest, BadObjectOfTheSnapshotIsNamedAtItsDelivery) {
  api_.stream({eventLine("ADDED", podJson("a", "7", R"(,"spec":[])")),
               eventLine("ADDED", podJson("b", "8")), bookmarkLine("9", true)});
  run();
  EXPECT_THAT(sink_.calls, ElementsAre("bad ns/a", "replaced b@8 unread:ns/a at 9"));
}

TEST_F(WatchListTest, GarbageBeforeTheMarkThrowsTheSnapshotAway) {
  api_.stream({eventLine("ADDED", podJson("a", "7")), "garbage\n"})
      .stream({eventLine("ADDED", podJson("b", "8")), bookmarkLine("9", true)});
  run();
  EXPECT_THAT(sink_.calls, ElementsAre("replaced b@8 at 9"));
}

TEST_F(WatchListTest, WarnsWhenTheMarkIsTenSecondsLate) {
  ::testing::internal::CaptureStderr();
  api_.handleStream(
      [this](const testing::AskedCall&, const std::stop_token&,
             const std::function<bool(std::string_view)>& on_data) -> ApiResult<StreamEnd> {
        on_data(eventLine("ADDED", podJson("a", "7")));
        clock_.advance(seconds(11));
        on_data(eventLine("ADDED", podJson("b", "8")));
        on_data(bookmarkLine("9", true));
        return StreamEnd{End::kComplete, ""};
      });
  run();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("streaming list has not ended"));
}

}  // namespace
}  // namespace stowage::k8sclient
