// Random histories against a small model of the API server with its volume controllers. The harness
// compares every cached verdict with one worked out anew at each decision; the model refuses writes
// that carry an old version, and no history may leave a volume with two claims or a pod on a node
// from which its volumes cannot be used.
#include <gtest/gtest.h>

#include <map>

#include "base/rng.h"
#include "testing/builders/storage_builder.h"
#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using scheduling::VolumeWrite;

class Model {
 public:
  explicit Model(std::uint64_t seed) : rng_(seed) {
    h_.see(makeClass("local").waits().noProvisioner());
    h_.see(makeClass("made").waits());
    for (int i = 0; i < 3; ++i) setNode(i);
  }

  void step() {
    switch (rng_.below(12)) {
      case 0:
        setNode(static_cast<int>(rng_.below(3)));
        break;
      case 1:
      case 2:
        addVolume();
        break;
      case 3:
      case 4:
        addPod();
        break;
      case 5:
      case 6:
        answerWrite();
        break;
      case 7:
      case 8:
        bindOneClaim();
        break;
      case 9:
        provision();
        break;
      case 10:
        relabelVolume();
        break;
      default:
        h_.advance(std::chrono::seconds(rng_.below(3)));
        break;
    }
    h_.settle();
    if (rng_.below(2) == 0) h_.confirmAll();
  }

  // Lets everything come to rest.
  void finish() {
    for (int i = 0; i < 60; ++i) {
      answerWrite();
      bindOneClaim();
      provision();
      h_.advance(std::chrono::seconds(11));
      h_.settle();
      h_.confirmAll();
    }
  }

  void check(std::uint64_t seed) {
    for (const auto& request : h_.binder.requests) {
      const std::string pod = request.pod.name.str();
      const auto& claim = claims_.at("c" + pod);
      ASSERT_FALSE(claim.volume_name.empty())
          << "seed " << seed << ": " << pod << " before its claim";
      const auto& volume = volumes_.at(claim.volume_name.str());
      ASSERT_TRUE(volume.claim && volume.claim->uid == claim.meta.uid)
          << "seed " << seed << ": the volume of " << pod << " is another's";
      if (!volume.node_affinity) continue;
      const base::Symbol hostname(request.node.str());
      ASSERT_EQ(volume.node_affinity->terms[0].match_expressions[0].values[0], hostname)
          << "seed " << seed << ": " << pod << " away from its volume";
    }
    std::map<std::string, std::string> owner;
    for (const auto& [name, claim] : claims_) {
      if (claim.volume_name.empty()) continue;
      ASSERT_TRUE(owner.emplace(claim.volume_name.str(), name).second)
          << "seed " << seed << ": two claims on " << claim.volume_name.view();
    }
  }
  // At rest no claim waits while a volume that could serve it is free.
  void checkNothingIsLeft(std::uint64_t seed) const {
    for (const auto& [claim_name, claim] : claims_) {
      if (!claim.volume_name.empty() || claim.storage_class->view() != "local") continue;
      for (const auto& [name, volume] : volumes_) {
        const bool suits = volume.storage_class.view() == "local" && !volume.claim;
        ASSERT_FALSE(suits) << "seed " << seed << ": " << claim_name << " waits beside " << name;
      }
    }
  }
  [[nodiscard]] std::size_t bound() const { return h_.binder.requests.size(); }

 private:
  std::string version() { return std::to_string(++version_); }
  void publish(kubeapi::PersistentVolume& volume) {
    volume.meta.resource_version = version();
    h_.see(std::make_shared<const kubeapi::PersistentVolume>(volume));
  }
  void publish(kubeapi::PersistentVolumeClaim& claim) {
    claim.meta.resource_version = version();
    h_.see(std::make_shared<const kubeapi::PersistentVolumeClaim>(claim));
  }
  void setNode(int number) {
    h_.add(makeNode("n" + std::to_string(number))
               .cpu("64")
               .memory("64Gi")
               .label("spare", std::to_string(rng_.below(3))));
  }
  void addVolume() {
    const std::string name = "pv" + std::to_string(volumes_.size());
    auto made = makeVolume(name).cls("local").usableFrom("kubernetes.io/hostname",
                                                         {"n" + std::to_string(rng_.below(3))});
    made.capacity(std::to_string(1 + rng_.below(3)) + "Gi");
    publish(volumes_[name] = made.edit());
  }
  void addPod() {
    const std::string pod = "p" + std::to_string(claims_.size());
    auto made = makeClaim("c" + pod).cls(rng_.below(3) == 0 ? "made" : "local");
    publish(claims_["c" + pod] = made.edit());
    h_.add(makePod(pod).claim("c" + pod));
  }
  void answerWrite() {
    if (answered_ == h_.volumes.writes.size()) return;
    const VolumeWrite write = h_.volumes.writes[answered_++];
    const bool claims_volume = write.kind == VolumeWrite::Kind::kClaimVolume;
    const std::string name = write.name.str();
    kubeapi::ObjectMeta& meta = claims_volume ? volumes_.at(name).meta : claims_.at(name).meta;
    if (meta.resource_version != write.resource_version) {
      h_.scheduler->volumeWritten({write, "the object has been modified", ""});
      return;
    }
    const bool event_first = rng_.below(2) == 0;
    const std::string next = std::to_string(version_ + 1);
    if (!event_first) h_.scheduler->volumeWritten({write, "", next});
    if (claims_volume) {
      volumes_.at(name).claim = write.claim;
      publish(volumes_.at(name));
    } else {
      meta.annotations.set("volume.kubernetes.io/selected-node", write.node);
      publish(claims_.at(name));
    }
    if (event_first) h_.scheduler->volumeWritten({write, "", next});
  }
  // The controller of volumes: a claim whose volume names it is bound.
  void bindOneClaim() {
    for (auto& [name, volume] : volumes_) {
      if (!volume.claim || volume.phase.view() == "Bound") continue;
      kubeapi::PersistentVolumeClaim& claim = claims_.at(volume.claim->name.str());
      if (!claim.volume_name.empty()) continue;
      volume.phase = "Bound";
      publish(volume);
      claim.volume_name = name;
      claim.meta.annotations.set("pv.kubernetes.io/bind-completed", "yes");
      publish(claim);
      return;
    }
  }
  void provision() {
    const base::Symbol selected("volume.kubernetes.io/selected-node");
    for (auto& [name, claim] : claims_) {
      const base::Symbol* node = claim.meta.annotations.find(selected);
      if (node == nullptr || !claim.volume_name.empty() || volumes_.contains("made-" + name))
        continue;
      if (rng_.below(3) == 0) {  // cannot be made there
        claim.meta.annotations = {};
      } else {
        auto made = makeVolume("made-" + name).usableFrom("kubernetes.io/hostname", {node->str()});
        made.claimedBy("default", name, claim.meta.uid.view());
        publish(volumes_["made-" + name] = made.edit());
        return;
      }
      publish(claim);
      return;
    }
  }
  void relabelVolume() {
    if (volumes_.empty()) return;
    auto at = volumes_.begin();
    std::advance(at, static_cast<long>(rng_.below(volumes_.size())));
    at->second.meta.labels.set("touched", version());
    publish(at->second);
  }

  base::Rng rng_;
  SchedulerHarness h_;
  std::uint64_t version_ = 1;
  std::size_t answered_ = 0;
  std::map<std::string, kubeapi::PersistentVolume> volumes_;
  std::map<std::string, kubeapi::PersistentVolumeClaim> claims_;
};

TEST(VolumeSoak, NoHistoryGivesAVolumeTwiceOrAPodTheWrongNode) {
  std::size_t bound = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Model model(seed);
    for (int i = 0; i < 250; ++i) {
      model.step();
      model.check(seed);
      if (::testing::Test::HasFatalFailure()) return;
    }
    model.finish();
    model.check(seed);
    model.checkNothingIsLeft(seed);
    if (::testing::Test::HasFatalFailure()) return;
    bound += model.bound();
  }
  EXPECT_GT(bound, 500U) << "the histories lead somewhere";
}

}  // namespace
}  // namespace stowage::testing
