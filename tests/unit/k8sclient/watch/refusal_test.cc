// A type that the server does not give at all is told to who wants to know, once, and its return.
#include "testing/api/scripted_api_client.h"
#include "unit/k8sclient/watch/reflector_fixture.h"

namespace stowage::k8sclient {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> toldOf(testing::ScriptedApiClient& api, bool use_watch_list) {
  std::vector<std::string> told;
  ReflectorOptions options;
  options.type = {"", "v1", "pods"};
  options.use_watch_list = use_watch_list;
  options.on_refusal = [&](const std::string& why) { told.push_back(why); };
  testing::SteppingClock clock;
  RecordingSink sink;
  std::stop_source stop;
  api.stopAtEnd(stop);
  Reflector<kubeapi::Pod> reflector(options, api, sink, clock, 1, base::nullMetricSink());
  reflector.run(stop.get_token());
  return told;
}

TEST(ReflectorRefusal, IsToldOnceUntilAListArrives) {
  testing::ScriptedApiClient api;
  api.fail(testing::apiError(403, "Forbidden", "no right"))
      .fail(testing::apiError(403, "Forbidden", "no right"))
      .fail(testing::apiError(404, "NotFound", "not served"))
      .answer(listJson("10", {podJson("a", "5")}));
  EXPECT_THAT(toldOf(api, false), ElementsAre("no right", "not served", ""));
}

TEST(ReflectorRefusal, OtherTroubleIsNone) {
  testing::ScriptedApiClient api;
  api.fail(testing::unreachable())
      .fail(testing::apiError(500, "InternalError", "broken"))
      .answer(listJson("10", {}));
  EXPECT_THAT(toldOf(api, false), ElementsAre());
}

TEST(ReflectorRefusal, OfARunningWatchEndsWithTheListThatFollows) {
  testing::ScriptedApiClient api;
  api.answer(listJson("10", {}))
      .refuseStream(testing::apiError(403, "Forbidden", "no right any more"))
      .answer(listJson("12", {}));
  EXPECT_THAT(toldOf(api, false), ElementsAre("no right any more", ""));
}

}  // namespace
}  // namespace stowage::k8sclient
