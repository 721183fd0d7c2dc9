// What pods may ask of the stand-in, each by a shell.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "integration/standin/stand_in_world.h"

namespace stowage::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

// Runs on until it is told to end, and says so. Its errors are what the shell says of its sleep.
constexpr const char* kUntilTold =
    "exec 2>/dev/null; told=; trap 'told=yes; echo told' TERM; echo up;"
    "while test -z $told; do sleep 1000 & wait $!; done";

Json shell(const std::string& name, const std::string& script, const Json& patch = {}) {
  Json container = {{"name", name}, {"image", "shell"}, {"command", {"sh", "-c", script}}};
  if (!patch.is_null()) container.merge_patch(patch);
  return container;
}

Json probe(const std::string& script) {
  return {{"exec", {{"command", {"sh", "-c", script}}}}, {"periodSeconds", 1}};
}

class ContainersIt : public StandInWorld {
 protected:
  // Without what a shell says of a job that ended by the signal that it got itself: it may or may
  // not come to that.
  std::string log(const std::string& container = "main") {
    const std::string said = "Terminated\n";
    std::string text = nodes().log(ns_, "pod", container);
    for (std::size_t at = text.find(said); at != std::string::npos; at = text.find(said))
      text.erase(at, said.size());
    return text;
  }
  Json containerStatus(int number = 0) {
    const Json pod = get("pod", "pod");
    return pod["status"].value("containerStatuses", Json::array({Json::object()}))[number];
  }
  // A pod of those containers, and a volume that they may share.
  Json sharing(const std::vector<Json>& containers) {
    const Json volume = {{"name", "shared"}, {"emptyDir", Json::object()}};
    return shellPod("pod", "",
                    {{"spec", {{"volumes", Json::array({volume})}, {"containers", containers}}}});
  }
  std::string sharedFile(const std::string& name) {
    return nodes().path(get("pod", "pod")["metadata"]["uid"], "shared", name);
  }
  static Json shared() {
    return {{"volumeMounts", Json::array({{{"name", "shared"}, {"mountPath", "/shared"}}})}};
  }
};

TEST_F(ContainersIt, StartInTheirOrderAndSidecarsGoLast) {
  Json side = shared();
  side["restartPolicy"] = "Always";
  side["startupProbe"] = probe("test -e /shared/side");
  Json pod = sharing({shell("main",
                            std::string("echo main >> /shared/order; ") + kUntilTold +
                                "; echo main over >> /shared/order",
                            shared())});
  // The first fails once, and comes again.
  pod["spec"]["initContainers"] = Json::array(
      {shell("first",
             "echo first >> /shared/order; test -e /shared/once || { touch /shared/once; exit 3; }",
             shared()),
       shell("side",
             "exec 2>/dev/null; trap 'cat /shared/order; exit 0' TERM; echo side >> /shared/order;"
             "touch /shared/side; while :; do sleep 1000 & wait $!; done",
             side),
       shell("last", "echo last >> /shared/order", shared())});
  create(pod);
  ASSERT_TRUE(becomes("pod", "ready")) << get("pod", "pod")["status"].dump(1);
  EXPECT_EQ(get("pod", "pod")["status"]["initContainerStatuses"][0]["restartCount"], 1);
  ASSERT_TRUE(waitFor([&] { return log() == "up\n"; }, 60s));
  EXPECT_EQ(textOf(sharedFile("order")), "first\nfirst\nside\nlast\nmain\n");
  askToGo("pod");
  ASSERT_TRUE(becomes("pod", "gone"));
  EXPECT_EQ(log("side"), "first\nfirst\nside\nlast\nmain\nmain over\n");
}

TEST_F(ContainersIt, AreReadyAndLiveAsTheirProbesSay) {
  Json probed = shared();
  probed["readinessProbe"] = probe("test -e /shared/ready");
  probed["readinessProbe"]["failureThreshold"] = 1;
  probed["livenessProbe"] = probe("test ! -e /shared/dead");
  probed["livenessProbe"]["failureThreshold"] = 1;
  create(sharing({shell("main", std::string("rm -f /shared/dead; ") + kUntilTold, probed)}));
  ASSERT_TRUE(waitFor([&] { return log() == "up\n"; }, 30s));
  EXPECT_TRUE(is("pod", "not ready"));
  const std::string ready = sharedFile("ready");
  std::ofstream(ready) << "yes";
  ASSERT_TRUE(becomes("pod", "ready"));
  std::filesystem::remove(ready);
  ASSERT_TRUE(becomes("pod", "not ready"));
  std::ofstream(ready) << "yes";
  ASSERT_TRUE(becomes("pod", "ready"));
  EXPECT_EQ(containerStatus()["restartCount"], 0);
  std::ofstream(sharedFile("dead")) << "yes";
  ASSERT_TRUE(waitFor([&] { return containerStatus().value("restartCount", 0) == 1; }, 30s));
  EXPECT_TRUE(becomes("pod", "ready"));
  EXPECT_EQ(log(), "up\ntold\nup\n");
}

TEST_F(ContainersIt, ThatFailComeBack) {
  create(shellPod("pod", "echo once more; exit 7"));
  ASSERT_TRUE(waitFor([&] { return containerStatus().value("restartCount", 0) >= 2; }, 30s));
  EXPECT_TRUE(waitFor(
      [&] {
        return containerStatus().value("/lastState/terminated/exitCode"_json_pointer, 0) == 7;
      },
      10s))
      << containerStatus().dump(1);
  EXPECT_EQ(get("pod", "pod")["status"]["phase"], "Running");
}

TEST_F(ContainersIt, ThatAreNotToComeBackEndTheirPod) {
  create(shellPod("pod", "exit 0", {{"spec", {{"restartPolicy", "Never"}}}}));
  EXPECT_TRUE(becomes("pod", "Succeeded"));
  create(shellPod("other", "exit 1", {{"spec", {{"restartPolicy", "Never"}}}}));
  EXPECT_TRUE(becomes("other", "Failed"));
  askToGo("pod");
  EXPECT_TRUE(becomes("pod", "gone"));
}

TEST_F(ContainersIt, AreKilledWhenTheirTimeIsOver) {
  create(shellPod("pod", "trap 'echo deaf' TERM; echo up; while :; do sleep 1000 & wait $!; done",
                  {{"spec", {{"terminationGracePeriodSeconds", 2}}}}));
  ASSERT_TRUE(waitFor([&] { return log() == "up\n"; }, 30s));
  const auto begin = std::chrono::steady_clock::now();
  askToGo("pod");
  ASSERT_TRUE(becomes("pod", "gone"));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 1900ms);
  EXPECT_THAT(log(), HasSubstr("deaf"));
}

TEST_F(ContainersIt, OfAnotherImageAreStartedAnewInTheirPod) {
  // It takes its time to end, and its pod changes meanwhile.
  Json main = shell("main",
                    "exec 2>/dev/null; told=; trap 'told=yes; echo told' TERM; echo up;"
                    "while test -z $told || ! test -e /shared/go; do sleep 0.1 & wait $!; done",
                    shared());
  main["volumeMounts"].push_back({{"name", "about"}, {"mountPath", "/about"}});
  Json pod = sharing({main});
  const Json labels = {{"path", "labels"}, {"fieldRef", {{"fieldPath", "metadata.labels"}}}};
  pod["spec"]["volumes"].push_back(
      {{"name", "about"}, {"downwardAPI", {{"items", Json::array({labels})}}}});
  create(pod);
  ASSERT_TRUE(waitFor([&] { return log() == "up\n"; }, 30s));
  const Json before = get("pod", "pod");
  ASSERT_EQ(cluster_.kubectl({"set", "image", "pod/pod", "main=shell:2", "-n", ns_}).exit_code, 0);
  ASSERT_TRUE(waitFor([&] { return log() == "up\ntold\n"; }, 30s));
  ASSERT_EQ(cluster_.kubectl({"label", "pod", "pod", "-n", ns_, "color=blue"}).exit_code, 0);
  const std::string uid = before["metadata"]["uid"];
  const std::string about = nodes().path(uid, "about", "labels");
  ASSERT_TRUE(waitFor([&] { return textOf(about) == "color=\"blue\""; }, 60s));
  std::ofstream(sharedFile("go")) << "yes";
  ASSERT_TRUE(waitFor(
      [&] { return containerStatus().value("image", "") == "shell:2" && is("pod", "ready"); },
      30s));
  const Json after = get("pod", "pod");
  EXPECT_EQ(after["metadata"]["uid"], uid);
  EXPECT_EQ(after["status"]["podIP"], before["status"]["podIP"]);
  EXPECT_NE(containerStatus()["imageID"], before["status"]["containerStatuses"][0]["imageID"]);
  askToGo("pod");
  ASSERT_TRUE(becomes("pod", "gone"));
  EXPECT_EQ(log(), "up\ntold\nup\ntold\n");  // and not once more
}

TEST_F(ContainersIt, SeeTheirPodAndShowTokensOfIt) {
  ASSERT_EQ(cluster_.kubectl({"create", "serviceaccount", "member", "-n", ns_}).exit_code, 0);
  const Json sources = Json::array(
      {{{"serviceAccountToken",
         {{"path", "token"}, {"audience", "readers"}, {"expirationSeconds", 3600}}}},
       {{"downwardAPI",
         {{"items", Json::array({{{"path", "labels"},
                                  {"fieldRef", {{"fieldPath", "metadata.labels"}}}}})}}}}});
  const Json main =
      shell("main", kUntilTold,
            {{"volumeMounts", Json::array({{{"name", "about"}, {"mountPath", "/about"}}})}});
  create(shellPod("pod", "",
                  {{"metadata", {{"labels", {{"color", "red"}}}}},
                   {"spec",
                    {{"serviceAccountName", "member"},
                     {"containers", Json::array({main})},
                     {"volumes", Json::array({{{"name", "about"},
                                               {"projected", {{"sources", sources}}}}})}}}}));
  ASSERT_TRUE(becomes("pod", "ready"));
  const std::string uid = get("pod", "pod")["metadata"]["uid"];
  EXPECT_EQ(textOf(nodes().path(uid, "about", "labels")), "color=\"red\"");
  const Json review = {
      {"apiVersion", "authentication.k8s.io/v1"},
      {"kind", "TokenReview"},
      {"spec",
       {{"token", textOf(nodes().path(uid, "about", "token"))}, {"audiences", {"readers"}}}}};
  const auto answer = cluster_.kubectlWithInput({"create", "-f", "-", "-o", "json"}, review.dump());
  const Json status = Json::parse(answer.output).value("status", Json::object());
  EXPECT_EQ(status.value("authenticated", false), true) << answer.output;
  EXPECT_EQ(status["user"]["username"], "system:serviceaccount:" + ns_ + ":member");
  ASSERT_EQ(
      cluster_.kubectl({"label", "pod", "pod", "-n", ns_, "color=blue", "--overwrite"}).exit_code,
      0);
  EXPECT_TRUE(waitFor(
      [&] { return textOf(nodes().path(uid, "about", "labels")) == "color=\"blue\""; }, 10s));
}

TEST_F(ContainersIt, ThatAskForMoreThanThereIsFailAndSayWhat) {
  const Json more =
      shell("main", "true", {{"lifecycle", {{"preStop", {{"sleep", {{"seconds", 1}}}}}}}});
  create(shellPod("pod", "", {{"spec", {{"containers", Json::array({more})}}}}));
  ASSERT_TRUE(becomes("pod", "Failed"));
  EXPECT_THAT(get("pod", "pod")["status"].value("message", ""), HasSubstr("lifecycle"));
}

}  // namespace
}  // namespace stowage::testing
