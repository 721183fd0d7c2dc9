// How a stream is cut must not matter.
#include "k8sclient/watch/line_splitter.h"
#include "unit/k8sclient/watch/reflector_fixture.h"

namespace stowage::k8sclient {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Verdict = LineSplitter::Verdict;

class FramingTest : public ReflectorTest {};

TEST_F(FramingTest, EventSplitAtEveryByteArrivesWhole) {
  const std::string line = eventLine("ADDED", podJson("b", "11"));
  for (std::size_t cut = 1; cut < line.size(); ++cut) {
    LineSplitter splitter;
    std::vector<std::string> lines;
    const auto keep = [&](std::string_view text) {
      lines.emplace_back(text);
      return true;
    };
    EXPECT_EQ(splitter.feed(std::string_view(line).substr(0, cut), keep), Verdict::kContinue);
    EXPECT_EQ(splitter.feed(std::string_view(line).substr(cut), keep), Verdict::kContinue);
    ASSERT_THAT(lines, ElementsAre(line.substr(0, line.size() - 1))) << "cut at byte " << cut;
  }
  listFirst();
  std::vector<std::string> bytes;
  for (const char c : line) bytes.emplace_back(1, c);
  api_.stream(bytes);
  run();
  EXPECT_EQ(sink_.calls.back(), "applied b@11");
}

TEST_F(FramingTest, ThreeEventsInOneChunkAreThreeEvents) {
  listFirst();
  api_.stream({eventLine("ADDED", podJson("b", "11")) + eventLine("ADDED", podJson("c", "12")) +
               eventLine("DELETED", podJson("a", "13"))});
  run();
  EXPECT_THAT(sink_.calls,
              ElementsAre("replaced a@5 at 10", "applied b@11", "applied c@12", "deleted a@13"));
}

TEST_F(FramingTest, EventOfTwoMegabytesArrives) {
  listFirst();
  std::string note = R"(,"status":{"message":")";
  for (int i = 0; i < 4; ++i)
    note += std::string(500'000, 'm') + R"(","m)" + std::to_string(i) + R"(":")";
  note += R"("})";
  const std::string line = eventLine("ADDED", podJson("b", "11", note));
  ASSERT_GT(line.size(), 2'000'000U);
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < line.size(); at += 16'384)
    pieces.push_back(line.substr(at, 16'384));
  api_.stream(pieces);
  run();
  EXPECT_EQ(sink_.calls.back(), "applied b@11");
}

TEST(LineSplitterTest, DropsEmptyLinesAndCarriageReturns) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  splitter.feed("\n\r\na\r\n\nb\n", [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });
  EXPECT_THAT(lines, ElementsAre("a", "b"));
  EXPECT_EQ(splitter.pending(), 0U);
}

TEST(LineSplitterTest, LimitCountsTheWholeLineNotThePiece) {
  struct Case {
    std::vector<std::string> pieces;
    Verdict want;
  };
  const Case cases[] = {
      {{"12345678\n"}, Verdict::kContinue},         {{"123456789\n"}, Verdict::kTooLong},
      {{"1234", "5678", "\n"}, Verdict::kContinue}, {{"1234", "56789"}, Verdict::kTooLong},
      {{"1\n2\n3\n4\n5\n6\n"}, Verdict::kContinue}, {{"12345678", "9\n"}, Verdict::kTooLong},
  };
  for (const Case& c : cases) {
    LineSplitter splitter(8);
    Verdict last = Verdict::kContinue;
    std::string shown;
    for (const std::string& piece : c.pieces) {
      shown += "[" + piece + "]";
      last = splitter.feed(piece, [](std::string_view) { return true; });
    }
    EXPECT_EQ(last, c.want) << shown;
  }
}

TEST(LineSplitterTest, StopsWhenTheConsumerHasEnough) {
  LineSplitter splitter;
  int lines = 0;
  EXPECT_EQ(splitter.feed("a\nb\nc\n", [&](std::string_view) { return ++lines < 2; }),
            Verdict::kStopped);
  EXPECT_EQ(lines, 2);
}

TEST(LineSplitterTest, KeepsNoMoreThanTheUnfinishedLine) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  splitter.feed("abc", [&](std::string_view) { return true; });
  EXPECT_EQ(splitter.pending(), 3U);
  splitter.feed("d\nef", [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });
  EXPECT_THAT(lines, ElementsAre("abcd"));
  EXPECT_EQ(splitter.pending(), 2U);
}

}  // namespace
}  // namespace stowage::k8sclient
