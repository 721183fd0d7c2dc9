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

// How many lines one reflector writes about what it fails by.
std::ptrdiff_t complaintsAbout(testing::ScriptedApiClient& api) {
  ::testing::internal::CaptureStderr();
  toldOf(api, false);
  const std::string log = ::testing::internal::GetCapturedStderr();
  std::ptrdiff_t lines = 0;
  for (std::size_t at = 0; (at = log.find("list failed", at)) != std::string::npos; ++at) ++lines;
  return lines;
}

TEST(ReflectorComplaints, AreOneLineAsLongAsTheyAreTheSame) {
  testing::ScriptedApiClient api;
  for (int i = 0; i < 6; ++i) api.fail(testing::apiError(403, "Forbidden", "no right"));
  api.fail(testing::apiError(404, "NotFound", "not served")).answer(listJson("10", {}));
  EXPECT_EQ(complaintsAbout(api), 2);
}

TEST(ReflectorComplaints, AboutTheServerAsAWholeAreTheClientsToMake) {
  testing::ScriptedApiClient api;
  for (int i = 0; i < 3; ++i) api.fail(testing::unreachable());
  api.fail(testing::apiError(401, "Unauthorized", "Unauthorized")).answer(listJson("10", {}));
  EXPECT_EQ(complaintsAbout(api), 0);
}

}  // namespace
}  // namespace stowage::k8sclient
