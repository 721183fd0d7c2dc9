// The reflector on its own thread: stopping, and a consumer that blocks.
#include <future>

#include "base/bounded_queue.h"
#include "k8sclient/cache/object_cache.h"
#include "unit/k8sclient/watch/reflector_fixture.h"

namespace stowage::k8sclient {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

ReflectorOptions podOptions() {
  ReflectorOptions options;
  options.type = {"", "v1", "pods"};
  options.use_watch_list = false;
  return options;
}

TEST(ReflectorThreadTest, StopsWhileTheStreamIsSilent) {
  testing::ScriptedApiClient api;
  api.answer(listJson("10", {podJson("a", "5")})).silentStream();
  base::ManualClock clock;
  ObjectCache<kubeapi::Pod> cache;
  Reflector<kubeapi::Pod> reflector(podOptions(), api, cache, clock, 1, base::nullMetricSink());
  reflector.start();
  ASSERT_TRUE(api.waitForCalls(2));
  EXPECT_TRUE(cache.synced());
  reflector.stop();  // would hang here
  EXPECT_EQ(cache.size(), 1U);
}

TEST(ReflectorThreadTest, StopsWhileItBacksOff) {
  testing::ScriptedApiClient api;
  api.fail(testing::unreachable());
  base::ManualClock clock;
  RecordingSink sink;
  Reflector<kubeapi::Pod> reflector(podOptions(), api, sink, clock, 1, base::nullMetricSink());
  reflector.start();
  ASSERT_TRUE(clock.waitForSleepers(1));
  reflector.stop();
  EXPECT_THAT(sink.calls, ElementsAre());
}

TEST(ReflectorThreadTest, StopsWithoutHavingBeenStarted) {
  testing::ScriptedApiClient api;
  base::ManualClock clock;
  RecordingSink sink;
  Reflector<kubeapi::Pod> reflector(podOptions(), api, sink, clock, 1, base::nullMetricSink());
  reflector.stop();
  EXPECT_FALSE(reflector.health().synced);
}

// The consumer is slower than the idle limit: the transport may take that for silence and end the
// stream. Nothing is lost and nothing comes twice, and no list is needed.
TEST(ReflectorThreadTest, ConsumerThatBlocksLosesNothing) {
  class BlockingSink final : public ReflectorSink<kubeapi::Pod> {
   public:
    void replaced(std::vector<Object>, const std::vector<std::string>&,
                  const std::string&) override {
      queue.push("replaced", stop.get_token());
    }
    void applied(Object object) override { queue.push(object->meta.name.str(), stop.get_token()); }
    void deleted(Object) override {}
    void badObject(std::string_view, std::string_view) override {}
    void deletedUnread(std::string_view) override {}
    base::BoundedQueue<std::string> queue{1};
    std::stop_source stop;
  };

  testing::ScriptedApiClient api;
  base::ManualClock clock;
  BlockingSink sink;
  api.answer(listJson("10", {}));
  api.handleStream(
      [&](const testing::AskedCall&, const std::stop_token&,
          const std::function<bool(std::string_view)>& on_data) -> ApiResult<StreamEnd> {
        // "replaced" fills the queue; this blocks until the test takes it out, long after.
        on_data(eventLine("ADDED", podJson("b", "11")));
        return StreamEnd{StreamEnd::Reason::kIdle, "no byte for 180 s"};
      });
  api.stream({eventLine("ADDED", podJson("c", "12"))}).silentStream();
  Reflector<kubeapi::Pod> reflector(podOptions(), api, sink, clock, 1, base::nullMetricSink());
  reflector.start();
  ASSERT_TRUE(api.waitForCalls(2));
  clock.advance(seconds(200));
  std::vector<std::string> got;
  const auto limit = std::chrono::steady_clock::now() + seconds(10);
  for (int i = 0; i < 3; ++i) got.push_back(sink.queue.pop({}, limit).value_or("timeout"));
  EXPECT_THAT(got, ElementsAre("replaced", "b", "c"));
  ASSERT_TRUE(api.waitForCalls(4));
  EXPECT_THAT(api.asked().at(2), ::testing::HasSubstr("resourceVersion=11"));
  sink.stop.request_stop();
  reflector.stop();
}

}  // namespace
}  // namespace stowage::k8sclient
