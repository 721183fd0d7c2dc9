// Which records become writes, and when. Pure: the test is the clock.
#include "k8sclient/events/event_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "k8sclient/events/event_json.h"

namespace stowage::k8sclient {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Result = EventWriteResult;

EventRecord failedScheduling(const std::string& pod = "web-0") {
  EventRecord record;
  record.type = EventType::kWarning;
  record.reason = "FailedScheduling";
  record.action = "Scheduling";
  record.note = "0/3 nodes are available";
  record.regarding = {"Pod", "v1", "ns", pod, "uid-" + pod, "7"};
  record.reporting_controller = "stowage-scheduler";
  record.reporting_instance = "stowage-scheduler-host";
  return record;
}

class EventSeriesTest : public ::testing::Test {
 protected:
  void observe(const EventRecord& record) { book_.observe(record, now_, wall()); }
  // Performs all writes that are due; what they were, as lines.
  std::vector<std::string> writes(Result result = Result::kWritten) {
    std::vector<std::string> lines;
    while (const auto write = book_.takeWrite(now_)) {
      const auto body = nlohmann::json::parse(write->body);
      lines.push_back((write->kind == EventWrite::Kind::kCreate ? "create" : "patch") +
                      (body.contains("series")
                           ? " count " + std::to_string(body["series"]["count"].get<int>())
                           : std::string()));
      last_ = *write;
      book_.finished(write->series, result, now_);
    }
    return lines;
  }
  void pass(base::Duration time) { now_ += time; }
  base::WallTime wall() const {
    return base::WallTime(seconds(1'700'000'000)) +
           std::chrono::duration_cast<base::WallTime::duration>(now_ - base::SteadyTime());
  }

  base::SteadyTime now_{};
  EventSeriesBook book_{EventSeriesOptions(), 1};
  EventWrite last_;
};

TEST_F(EventSeriesTest, FirstIsCreatedWithEveryFieldTheServerDemands) {
  observe(failedScheduling());
  EXPECT_THAT(writes(), ElementsAre("create"));
  EXPECT_EQ(last_.path, "/apis/events.k8s.io/v1/namespaces/ns/events");
  const auto event = nlohmann::json::parse(last_.body);
  EXPECT_EQ(event["apiVersion"], "events.k8s.io/v1");
  EXPECT_EQ(event["kind"], "Event");
  EXPECT_EQ(event["metadata"]["namespace"], "ns");
  EXPECT_EQ(event["metadata"]["name"], "web-0.17979cfe362a0000");
  EXPECT_EQ(event["eventTime"], "2023-11-14T22:13:20.000000Z");
  EXPECT_EQ(event["type"], "Warning");
  EXPECT_EQ(event["reason"], "FailedScheduling");
  EXPECT_EQ(event["action"], "Scheduling");
  EXPECT_EQ(event["note"], "0/3 nodes are available");
  EXPECT_EQ(event["reportingController"], "stowage-scheduler");
  EXPECT_EQ(event["reportingInstance"], "stowage-scheduler-host");
  EXPECT_EQ(event["regarding"]["uid"], "uid-web-0");
  EXPECT_EQ(event["regarding"]["resourceVersion"], "7");
  EXPECT_FALSE(event.contains("series"));
  EXPECT_FALSE(event.contains("related"));
}

TEST_F(EventSeriesTest, SecondIsPatchedAndLaterOnesAreOnlyCounted) {
  observe(failedScheduling());
  writes();
  pass(seconds(10));
  observe(failedScheduling());
  EXPECT_THAT(writes(), ElementsAre("patch count 2"));
  EXPECT_THAT(last_.path, HasSubstr("/events/web-0."));
  EXPECT_THAT(last_.body, HasSubstr(R"("lastObservedTime":"2023-11-14T22:13:30.000000Z")"));
  for (int i = 0; i < 20; ++i) {
    pass(seconds(10));
    observe(failedScheduling());
    EXPECT_THAT(writes(), IsEmpty());
  }
}

TEST_F(EventSeriesTest, IdleSeriesEndsWithItsLastCount) {
  for (int i = 0; i < 5; ++i) {
    observe(failedScheduling());
    writes();
  }
  pass(minutes(5));
  EXPECT_THAT(writes(), IsEmpty());
  pass(minutes(1));
  EXPECT_THAT(writes(), ElementsAre("patch count 5"));
  EXPECT_EQ(book_.size(), 0U);
  observe(failedScheduling());
  EXPECT_THAT(writes(), ElementsAre("create")) << "a new series begins";
}

TEST_F(EventSeriesTest, IdleSingleEventIsForgottenWithoutAWrite) {
  observe(failedScheduling());
  writes();
  pass(minutes(6));
  EXPECT_THAT(writes(), IsEmpty());
  EXPECT_EQ(book_.size(), 0U);
}

TEST_F(EventSeriesTest, LiveSeriesIsRefreshedEveryHalfHour) {
  std::vector<std::string> all;
  for (int i = 0; i < 65; ++i) {
    observe(failedScheduling());
    for (auto& line : writes()) all.push_back(line);
    pass(minutes(1));
    for (auto& line : writes()) all.push_back(line);
  }
  EXPECT_THAT(all, ElementsAre("create", "patch count 2", "patch count 31", "patch count 61"));
}

TEST_F(EventSeriesTest, NoteDoesNotSplitASeriesAndEverythingElseDoes) {
  struct Case {
    const char* name;
    void (*change)(EventRecord&);
    bool same;
  };
  const Case cases[] = {
      {"note", [](EventRecord& r) { r.note = "other"; }, true},
      {"type", [](EventRecord& r) { r.type = EventType::kNormal; }, false},
      {"reason", [](EventRecord& r) { r.reason = "Other"; }, false},
      {"action", [](EventRecord& r) { r.action = "Other"; }, false},
      {"controller", [](EventRecord& r) { r.reporting_controller = "other"; }, false},
      {"instance", [](EventRecord& r) { r.reporting_instance = "other"; }, false},
      {"uid", [](EventRecord& r) { r.regarding.uid = "other"; }, false},
      {"version", [](EventRecord& r) { r.regarding.resource_version = "8"; }, false},
      {"related", [](EventRecord& r) { r.related = r.regarding; }, false},
      {"moved border",
       [](EventRecord& r) { r.action = "SchedulingF", r.reason = "ailedScheduling"; }, false},
  };
  for (const Case& c : cases) {
    EventSeriesBook book({}, 1);
    book.observe(failedScheduling(), now_, wall());
    EventRecord changed = failedScheduling();
    c.change(changed);
    book.observe(changed, now_, wall());
    EXPECT_EQ(book.size(), c.same ? 1U : 2U) << c.name;
  }
}

TEST_F(EventSeriesTest, RepeatDuringTheCreateIsPatchedAfterIt) {
  observe(failedScheduling());
  const auto create = book_.takeWrite(now_);
  ASSERT_TRUE(create);
  observe(failedScheduling());
  observe(failedScheduling());
  EXPECT_FALSE(book_.takeWrite(now_)) << "never two writes of one series at once";
  book_.finished(create->series, Result::kWritten, now_);
  EXPECT_THAT(writes(), ElementsAre("patch count 3"));
}

TEST_F(EventSeriesTest, RepeatBeforeTheCreateIsPartOfIt) {
  observe(failedScheduling());
  observe(failedScheduling());
  EXPECT_THAT(writes(), ElementsAre("create count 2"));
  observe(failedScheduling());
  EXPECT_THAT(writes(), IsEmpty());
}

TEST_F(EventSeriesTest, PatchOfAnExpiredEventCreatesItAnew) {
  observe(failedScheduling());
  writes();
  observe(failedScheduling());
  const auto patch = book_.takeWrite(now_);
  ASSERT_TRUE(patch);
  book_.finished(patch->series, Result::kNotFound, now_);
  EXPECT_THAT(writes(), ElementsAre("create count 2"));
}

TEST_F(EventSeriesTest, CreateWhoseAnswerWasLostIsFoundToExist) {
  observe(failedScheduling());
  EXPECT_THAT(writes(Result::kFailed), ElementsAre("create"));
  pass(seconds(13));
  EXPECT_THAT(writes(Result::kExists), ElementsAre("create"));
  EXPECT_THAT(writes(), IsEmpty());
  observe(failedScheduling());
  EXPECT_THAT(writes(), ElementsAre("patch count 2"));
}

TEST_F(EventSeriesTest, FailedWriteIsTriedTwelveTimesTenSecondsApart) {
  observe(failedScheduling());
  int tries = 0;
  while (book_.size() > 0) {
    ASSERT_LT(tries, 20);
    tries += static_cast<int>(writes(Result::kFailed).size());
    if (book_.size() == 0) break;
    const base::Duration wait = *book_.nextDue() - now_;
    EXPECT_GE(wait, seconds(10));
    EXPECT_LE(wait, std::chrono::milliseconds(12'500));
    now_ = *book_.nextDue();
  }
  EXPECT_EQ(tries, 12);
  EXPECT_EQ(book_.counts().gave_up, 1U);
}

TEST_F(EventSeriesTest, RefusedWriteIsDroppedNotRetried) {
  observe(failedScheduling());
  EXPECT_THAT(writes(Result::kRefused), ElementsAre("create"));
  EXPECT_EQ(book_.size(), 0U);
  EXPECT_EQ(book_.counts().refused, 1U);
}

TEST_F(EventSeriesTest, CreateInAMissingNamespaceIsDropped) {
  observe(failedScheduling());
  EXPECT_THAT(writes(Result::kNotFound), ElementsAre("create"));
  EXPECT_EQ(book_.size(), 0U);
}

TEST_F(EventSeriesTest, OneObjectMayCauseABurstAndThenOneWriteInFiveMinutes) {
  const auto different = [](int i) {
    EventRecord record = failedScheduling();
    record.reason += std::to_string(i);
    return record;
  };
  std::size_t written = 0;
  for (int i = 0; i < 40; ++i) {
    observe(different(i));
    written += writes().size();
  }
  EXPECT_EQ(written, 25U);
  EXPECT_EQ(book_.counts().spam_dropped, 15U);
  observe(failedScheduling("another-pod"));
  EXPECT_THAT(writes(), ElementsAre("create")) << "others are not held up";
  pass(minutes(5));
  observe(different(100));
  observe(different(101));
  EXPECT_THAT(writes(), ElementsAre("create"));
}

// A pod that cannot be placed, retried every ten seconds for three days with its status changing
// (a new resourceVersion) each time.
TEST_F(EventSeriesTest, HopelessPodDoesNotFloodTheServer) {
  std::size_t written = 0;
  for (int i = 0; i < 3 * 24 * 360; ++i) {
    EventRecord record = failedScheduling();
    record.regarding.resource_version = std::to_string(1000 + i);
    observe(record);
    written += writes().size();
    pass(seconds(10));
  }
  EXPECT_LE(written, 25U + 3 * 24 * 12 + 1);
  EXPECT_LT(book_.size(), 50U);
}

TEST_F(EventSeriesTest, MemoryIsBoundedAndTheOldestGoesFirst) {
  EventSeriesOptions options;
  options.max_series = 10;
  EventSeriesBook book(options, 1);
  for (int i = 0; i < 100; ++i) {
    book.observe(failedScheduling("pod-" + std::to_string(i)), now_, wall());
    EXPECT_LE(book.size(), 10U);
  }
  EXPECT_EQ(book.counts().forgotten, 90U) << "none of them had been written";
}

TEST_F(EventSeriesTest, SeriesForgottenDuringItsWriteDoesNoHarm) {
  EventSeriesOptions options;
  options.max_series = 1;
  EventSeriesBook book(options, 1);
  book.observe(failedScheduling("a"), now_, wall());
  const auto write = book.takeWrite(now_);
  ASSERT_TRUE(write);
  book.observe(failedScheduling("b"), now_, wall());
  book.finished(write->series, Result::kWritten, now_);
  EXPECT_EQ(book.size(), 1U);
}

TEST_F(EventSeriesTest, RecordWithoutARequiredFieldIsDropped) {
  EventRecord record = failedScheduling();
  record.action.clear();
  observe(record);
  EXPECT_THAT(writes(), IsEmpty());
  EXPECT_EQ(book_.counts().invalid, 1U);
}

TEST_F(EventSeriesTest, EventsOfClusterScopedObjectsGoToDefault) {
  EventRecord record = failedScheduling();
  record.regarding = {"Node", "v1", "", "n1", "uid", ""};
  observe(record);
  writes();
  EXPECT_EQ(last_.path, "/apis/events.k8s.io/v1/namespaces/default/events");
  EXPECT_FALSE(nlohmann::json::parse(last_.body)["regarding"].contains("namespace"));
}

TEST_F(EventSeriesTest, NamesAreUniqueAndValid) {
  observe(failedScheduling("a"));
  writes();
  const std::string first = nlohmann::json::parse(last_.body)["metadata"]["name"];
  EventRecord other = failedScheduling("a");
  other.reason = "Other";
  observe(other);
  writes();
  EXPECT_NE(first, nlohmann::json::parse(last_.body)["metadata"]["name"]);
  observe(failedScheduling("Not_A_DNS_Name"));
  writes();
  const std::string fallback = nlohmann::json::parse(last_.body)["metadata"]["name"];
  EXPECT_THAT(fallback, ::testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-.*"));
}

TEST(EventJsonTest, NoteIsCutAtTheLimitOfTheServerOnACharacterBorder) {
  struct Case {
    std::string note;
    std::size_t want;
  };
  const Case cases[] = {
      {std::string(1024, 'x'), 1024},
      {std::string(1025, 'x'), 1024},
      {std::string(100'000, 'x'), 1024},
      {std::string(1019, 'x') + "\u00e9\u00e9\u00e9\u00e9", 1023},  // two bytes across the cut
      {"", 0},
  };
  for (const Case& c : cases) {
    const std::string cut = truncateNote(c.note);
    EXPECT_EQ(cut.size(), c.want) << c.note.size();
    EXPECT_EQ(cut.ends_with(" ..."), c.note.size() > 1024) << c.note.size();
  }
}

TEST(EventJsonTest, SubdomainNamesAreTheServersOwn) {
  for (const char* good : {"a", "web-0.17a", "0", "a.b-c.d"}) {
    EXPECT_TRUE(isDnsSubdomain(good)) << good;
  }
  const std::string long_name(254, 'a');
  for (const char* bad : {"", ".", "a.", ".a", "A", "a_b", "-a", "a-", "a..b", "a/b", "\xc3\xa9",
                          long_name.c_str()}) {
    EXPECT_FALSE(isDnsSubdomain(bad)) << bad;
  }
}

TEST(EventJsonTest, HostileTextStaysInsideItsString) {
  EventRecord record = failedScheduling();
  record.note = "quote \" backslash \\ newline \n and bad utf8 \xff";
  const auto event = nlohmann::json::parse(encodeEvent(record, "n", {}, std::nullopt));
  EXPECT_THAT(event["note"].get<std::string>(), HasSubstr("quote \" backslash \\ newline \n"));
}

}  // namespace
}  // namespace stowage::k8sclient
