// The list half of list and watch: paging, versions, what happens when they run out.
#include "unit/k8sclient/watch/reflector_fixture.h"

namespace stowage::k8sclient {
namespace {

using testing::apiError;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::unreachable;

class ListTest : public ReflectorTest {};

ApiError tooLargeVersion() {
  ApiError error = apiError(504, "Timeout", "Too large resource version: 10, current: 9");
  error.causes = {"ResourceVersionTooLarge"};
  error.retry_after_seconds = 1;
  return error;
}

TEST_F(ListTest, ListsAtZeroAndWatchesFromTheVersionOfTheList) {
  api_.answer(listJson("10", {podJson("a", "5"), podJson("b", "6")}));
  run();
  EXPECT_THAT(asked(), ElementsAre("GET limit=500&resourceVersion=0", "WATCH resourceVersion=10"));
  EXPECT_THAT(sink_.calls, ElementsAre("replaced a@5 b@6 at 10"));
  EXPECT_TRUE(reflector_->health().synced);
  EXPECT_EQ(reflector_->health().last_resource_version, "10");
  EXPECT_EQ(reflector_->health().relists, 1U);
}

TEST_F(ListTest, DeliversThreePagesAsOneReplace) {
  api_.answer(listJson("10", {podJson("a", "1")}, "t1"))
      .answer(listJson("10", {podJson("b", "2")}, "t2"))
      .answer(listJson("10", {podJson("c", "3")}));
  run();
  EXPECT_THAT(asked(), ElementsAre("GET limit=500&resourceVersion=0", "GET limit=500&continue=t1",
                                   "GET limit=500&continue=t2", "WATCH resourceVersion=10"));
  EXPECT_THAT(sink_.calls, ElementsAre("replaced a@1 b@2 c@3 at 10"));
}

TEST_F(ListTest, GoesOnAfterAnEmptyPageWithAContinueToken) {
  api_.answer(listJson("10", {}, "t1")).answer(listJson("10", {podJson("c", "3")}));
  run();
  EXPECT_THAT(sink_.calls, ElementsAre("replaced c@3 at 10"));
}

TEST_F(ListTest, ListsInOnePieceWhenTheTokenExpiredOnPageTwo) {
  api_.answer(listJson("10", {podJson("a", "1")}, "t1"))
      .fail(apiError(410, "Expired"))
      .answer(listJson("11", {podJson("b", "2")}));
  run();
  EXPECT_THAT(asked(), ElementsAre("GET limit=500&resourceVersion=0", "GET limit=500&continue=t1",
                                   "GET resourceVersion=0", "WATCH resourceVersion=11"));
  EXPECT_THAT(sink_.calls, ElementsAre("replaced b@2 at 11")) << "page one must be thrown away";
}

TEST_F(ListTest, ExpiredWatchListsAtTheLastVersionAndThenAtTheNewest) {
  listFirst();
  api_.stream({errorLine(410, "Expired")})
      .fail(apiError(410, "Expired"))
      .answer(listJson("20", {podJson("a", "15")}));
  run();
  EXPECT_THAT(asked(),
              ElementsAre("GET limit=500&resourceVersion=0", "WATCH resourceVersion=10",
                          "GET resourceVersion=10", "GET limit=500", "WATCH resourceVersion=20"));
  EXPECT_THAT(sink_.calls, ElementsAre("replaced a@5 at 10", "replaced a@15 at 20"));
}

TEST_F(ListTest, ExpiredFirstPageAtTheNewestVersionIsAnErrorWithBackoff) {
  api_.fail(apiError(410, "Expired")).fail(apiError(410, "Expired")).answer(listJson("3", {}));
  run();
  EXPECT_THAT(asked(), ElementsAre("GET limit=500&resourceVersion=0", "GET limit=500",
                                   "GET limit=500", "WATCH resourceVersion=3"));
  EXPECT_THAT(waits(), ElementsAre(backoffStep(0)));
}

TEST_F(ListTest, VersionThatTheServerHasNotReachedListsAtTheNewest) {
  listFirst();
  api_.stream({errorLine(410, "Expired")})
      .fail(tooLargeVersion())
      .answer(listJson("9", {podJson("a", "5")}));
  run();
  EXPECT_THAT(asked(),
              ElementsAre("GET limit=500&resourceVersion=0", "WATCH resourceVersion=10",
                          "GET resourceVersion=10", "GET limit=500", "WATCH resourceVersion=9"));
}

TEST_F(ListTest, AfterASuccessTheLastVersionIsUsedAgain) {
  listFirst();
  api_.stream({errorLine(410, "Expired")})
      .fail(apiError(410, "Expired"))
      .answer(listJson("20", {}))
      .stream({errorLine(410, "Expired")})
      .answer(listJson("30", {}));
  run();
  EXPECT_EQ(asked().at(5), "GET resourceVersion=20");
}

TEST_F(ListTest, ServerThatPagesAtZeroIsPagedOnEveryRelist) {
  api_.answer(listJson("10", {}, "t1"))
      .answer(listJson("10", {}))
      .stream({errorLine(410, "Expired")})
      .answer(listJson("20", {}));
  run();
  EXPECT_EQ(asked().at(3), "GET limit=500&resourceVersion=10");
}

TEST_F(ListTest, RefusedConnectionsBackOffUpToTheCap) {
  for (int i = 0; i < 8; ++i) api_.fail(unreachable());
  api_.answer(listJson("1", {}));
  run();
  EXPECT_THAT(waits(), ElementsAre(backoffStep(0), backoffStep(1), backoffStep(2), backoffStep(3),
                                   backoffStep(4), backoffStep(5), backoffStep(6), backoffStep(7)));
}

TEST_F(ListTest, RetryAfterOfTheServerIsTheLeastWait) {
  ApiError busy = apiError(429, "TooManyRequests");
  busy.retry_after_seconds = 7;
  api_.fail(busy).answer(listJson("1", {}));
  run();
  EXPECT_THAT(waits(), ElementsAre(7.0));
}

TEST_F(ListTest, ForbiddenIsNamedInHealthAndTriedAgain) {
  std::string error;
  bool synced = true;
  api_.fail(apiError(403, "Forbidden", "pods is forbidden")).answer(listJson("1", {}), [&] {
    error = reflector_->health().last_error;
    synced = reflector_->health().synced;
  });
  run();
  EXPECT_THAT(error, HasSubstr("forbidden"));
  EXPECT_FALSE(synced);
  EXPECT_TRUE(reflector_->health().synced);
  EXPECT_EQ(reflector_->health().last_error, "");
}

TEST_F(ListTest, TypeThatIsNotServedIsTriedAgainWithBackoff) {
  api_.fail(apiError(404, "NotFound")).fail(apiError(404, "NotFound")).answer(listJson("1", {}));
  run();
  EXPECT_THAT(waits(), ElementsAre(backoffStep(0), backoffStep(1)));
  EXPECT_THAT(sink_.calls, ElementsAre("replaced at 1"));
}

TEST_F(ListTest, AnswerAboveTheSizeLimitIsAskedForInPages) {
  ApiError big;
  big.code = base::Code::kResourceExhausted;
  big.message = "body above 256 MiB";
  api_.fail(big).answer(listJson("5", {}, "t")).answer(listJson("5", {}));
  run();
  EXPECT_THAT(asked(), ElementsAre("GET limit=500&resourceVersion=0", "GET limit=500",
                                   "GET limit=500&continue=t", "WATCH resourceVersion=5"));
}

TEST_F(ListTest, ListThatIsNoJsonIsTriedAgain) {
  api_.answer("<html>gateway</html>").answer(listJson("1", {}));
  run();
  EXPECT_THAT(sink_.calls, ElementsAre("replaced at 1"));
  EXPECT_THAT(waits(), ElementsAre(backoffStep(0)));
}

TEST_F(ListTest, ContinueTokenThatRepeatsEndsTheList) {
  api_.answer(listJson("1", {podJson("a", "1")}, "t"))
      .answer(listJson("1", {podJson("b", "1")}, "t"))
      .answer(listJson("2", {podJson("c", "2")}));
  run();
  EXPECT_THAT(sink_.calls, ElementsAre("replaced c@2 at 2"));
}

TEST_F(ListTest, BadObjectIsSkippedCountedAndNamed) {
  api_.answer(listJson(
      "10",
      {podJson("a", "1"), podJson("b", "2", R"(,"spec":{"priority":"high"})"), podJson("c", "3")}));
  run();
  EXPECT_THAT(sink_.calls, ElementsAre("bad ns/b", "replaced a@1 c@3 unread:ns/b at 10"));
  EXPECT_THAT(sink_.last_message, HasSubstr("priority"));
  EXPECT_EQ(reflector_->health().bad_objects, 1U);
}

TEST_F(ListTest, SelectorsGoIntoListAndWatch) {
  options_.field_selector = "status.phase!=Failed";
  options_.label_selector = "app in (a,b)";
  options_.ns = "n1";
  api_.answer(listJson("10", {}));
  run();
  const auto asked = api_.asked();
  for (const std::string& line : asked) {
    EXPECT_THAT(line, HasSubstr("/api/v1/namespaces/n1/pods?"));
    EXPECT_THAT(line, HasSubstr("fieldSelector=status.phase%21%3DFailed"));
    EXPECT_THAT(line, HasSubstr("labelSelector=app%20in%20%28a%2Cb%29"));
  }
  EXPECT_EQ(asked.size(), 2U);
}

}  // namespace
}  // namespace stowage::k8sclient
