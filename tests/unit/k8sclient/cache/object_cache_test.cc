#include "k8sclient/cache/object_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "kubeapi/pod.h"

namespace stowage::k8sclient {
namespace {

using kubeapi::Pod;
using kubeapi::PodPtr;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

PodPtr pod(const std::string& name, const std::string& version, const std::string& uid = "",
           const std::string& node = "") {
  Pod pod;
  pod.meta.ns = "ns";
  pod.meta.name = name;
  pod.meta.uid = uid.empty() ? "uid-" + name : uid;
  pod.meta.resource_version = version;
  pod.spec.node_name = node;
  return std::make_shared<const Pod>(std::move(pod));
}

std::string show(const PodPtr& p) { return p->meta.name.str() + "@" + p->meta.resource_version; }

class RecordingHandler final : public CacheHandler<Pod> {
 public:
  void onAdd(const PodPtr& object) override { calls.push_back("add " + show(object)); }
  void onUpdate(const PodPtr& before, const PodPtr& after) override {
    calls.push_back("update " + show(before) + " " + show(after));
  }
  void onDelete(const PodPtr& last, bool unknown) override {
    calls.push_back("delete " + show(last) + (unknown ? " unknown" : ""));
  }
  void onSynced() override { calls.emplace_back("synced"); }
  std::vector<std::string> take() { return std::exchange(calls, {}); }
  std::vector<std::string> calls;
};

class ObjectCacheTest : public ::testing::Test {
 protected:
  ObjectCacheTest() { cache_.addHandler(handler_); }
  // The first list, with what it delivers thrown away.
  void start(std::vector<PodPtr> pods) {
    cache_.replaced(std::move(pods), {}, "10");
    handler_.take();
  }
  ObjectCache<Pod> cache_;
  RecordingHandler handler_;
};

TEST_F(ObjectCacheTest, FirstListAddsAndThenSyncs) {
  EXPECT_FALSE(cache_.synced());
  cache_.replaced({pod("a", "1")}, {}, "10");
  EXPECT_THAT(handler_.calls, ElementsAre("add a@1", "synced"));
  EXPECT_TRUE(cache_.synced());
  EXPECT_EQ(show(cache_.get("ns", "a")), "a@1");
  EXPECT_EQ(show(cache_.get("ns/a")), "a@1");
  EXPECT_EQ(cache_.get("ns/b"), nullptr);
}

TEST_F(ObjectCacheTest, EmptyFirstListSyncsToo) {
  cache_.replaced({}, {}, "1");
  EXPECT_THAT(handler_.calls, ElementsAre("synced"));
}

TEST_F(ObjectCacheTest, AppliedAddsTheUnknownAndUpdatesTheKnown) {
  start({});
  cache_.applied(pod("a", "11"));
  cache_.applied(pod("a", "12"));
  EXPECT_THAT(handler_.calls, ElementsAre("add a@11", "update a@11 a@12"));
}

TEST_F(ObjectCacheTest, DeletedDeliversTheFinalState) {
  start({pod("a", "1")});
  cache_.deleted(pod("a", "15"));
  cache_.deleted(pod("never-seen", "16"));
  EXPECT_THAT(handler_.calls, ElementsAre("delete a@15"));
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(ObjectCacheTest, StaleAndRepeatedEventsAreDroppedAndCounted) {
  start({pod("a", "100")});
  cache_.applied(pod("a", "99"));
  cache_.applied(pod("a", "100"));
  EXPECT_THAT(handler_.calls, IsEmpty());
  EXPECT_EQ(show(cache_.get("ns/a")), "a@100");
  EXPECT_EQ(cache_.counts().stale_dropped, 1U);
  EXPECT_EQ(cache_.counts().duplicates_dropped, 1U);
}

TEST_F(ObjectCacheTest, VersionsWithoutOrderAreTakenAsTheyCome) {
  start({pod("a", "opaque-2")});
  cache_.applied(pod("a", "opaque-1"));
  EXPECT_THAT(handler_.calls, ElementsAre("update a@opaque-2 a@opaque-1"));
}

TEST_F(ObjectCacheTest, SameNameWithAnotherUidIsADeletionAndAnAddition) {
  start({pod("a", "1", "first")});
  cache_.applied(pod("a", "5", "second"));
  EXPECT_THAT(handler_.calls, ElementsAre("delete a@1 unknown", "add a@5"));
}

TEST_F(ObjectCacheTest, LateDeletionOfAnOlderNamesakeIsIgnored) {
  start({pod("a", "20", "second")});
  cache_.deleted(pod("a", "15", "first"));
  EXPECT_THAT(handler_.calls, IsEmpty());
  EXPECT_NE(cache_.get("ns/a"), nullptr);
}

TEST_F(ObjectCacheTest, DeletionOfANewerNamesakeRemovesWhatIsThere) {
  start({pod("a", "20", "first")});
  cache_.deleted(pod("a", "25", "second"));
  EXPECT_THAT(handler_.calls, ElementsAre("delete a@20 unknown"));
}

TEST_F(ObjectCacheTest, RelistTurnsAbsenceIntoDeletionOfUnknownFinalState) {
  start({pod("a", "1"), pod("b", "2"), pod("c", "3")});
  cache_.replaced({pod("b", "2"), pod("c", "9")}, {}, "20");
  EXPECT_THAT(handler_.calls, ElementsAre("delete a@1 unknown", "update c@3 c@9"));
  EXPECT_EQ(cache_.counts().duplicates_dropped, 1U);
}

TEST_F(ObjectCacheTest, RelistIsTheTruthEvenWhenVersionsGoBack) {
  // etcd restored from a backup: everything has an older version, and c never was.
  start({pod("a", "900"), pod("c", "950")});
  cache_.replaced({pod("a", "300")}, {}, "310");
  EXPECT_THAT(handler_.calls, ElementsAre("delete c@950 unknown", "update a@900 a@300"));
  cache_.applied(pod("a", "311"));
  EXPECT_EQ(show(cache_.get("ns/a")), "a@311");
}

TEST_F(ObjectCacheTest, ObjectThatCannotBeReadKeepsItsLastCopyOverARelist) {
  start({pod("a", "1"), pod("b", "2")});
  cache_.badObject("ns/a", "spec.priority");
  cache_.replaced({pod("b", "2")}, {"ns/a", "#7"}, "20");
  EXPECT_THAT(handler_.calls, IsEmpty());
  EXPECT_NE(cache_.get("ns/a"), nullptr);
  EXPECT_EQ(cache_.counts().unread_kept, 1U);
  // Once it is gone, it goes, although its name was unreadable before.
  cache_.replaced({pod("b", "2")}, {}, "30");
  EXPECT_THAT(handler_.calls, ElementsAre("delete a@1 unknown"));
}

TEST_F(ObjectCacheTest, UnreadableDeletionRemovesTheLastCopy) {
  start({pod("a", "1")});
  cache_.deletedUnread("ns/a");
  cache_.deletedUnread("ns/other");
  EXPECT_THAT(handler_.calls, ElementsAre("delete a@1 unknown"));
}

TEST_F(ObjectCacheTest, LateHandlerIsToldWhatIsThere) {
  start({pod("a", "1"), pod("b", "2")});
  RecordingHandler late;
  cache_.addHandler(late);
  EXPECT_THAT(late.take(), UnorderedElementsAre("add a@1", "add b@2", "synced"));
  cache_.applied(pod("a", "11"));
  EXPECT_THAT(late.calls, ElementsAre("update a@1 a@11"));
  EXPECT_THAT(handler_.calls, ElementsAre("update a@1 a@11"));
}

TEST_F(ObjectCacheTest, HandlerSeesTheChangeInTheCache) {
  class Looking final : public CacheHandler<Pod> {
   public:
    explicit Looking(const ObjectCache<Pod>& cache) : cache_(cache) {}
    void onAdd(const PodPtr&) override { sizes.push_back(cache_.size()); }
    void onDelete(const PodPtr&, bool) override { sizes.push_back(cache_.size()); }
    std::vector<std::size_t> sizes;

   private:
    const ObjectCache<Pod>& cache_;
  };
  Looking looking(cache_);
  cache_.addHandler(looking);
  cache_.applied(pod("a", "1"));
  cache_.applied(pod("b", "2"));
  cache_.deleted(pod("a", "3"));
  EXPECT_THAT(looking.sizes, ElementsAre(1U, 2U, 1U));
}

std::vector<std::string> byNode(const Pod& p) {
  if (p.spec.node_name.empty()) return {};
  return {p.spec.node_name.str()};
}

TEST_F(ObjectCacheTest, IndexFollowsAddUpdateAndDelete) {
  start({pod("early", "1", "", "n1")});
  cache_.addIndex("node", byNode);
  const auto on = [&](const std::string& node) {
    std::vector<std::string> names;
    for (const PodPtr& p : cache_.byIndex("node", node)) names.push_back(show(p));
    return names;
  };
  EXPECT_THAT(on("n1"), ElementsAre("early@1")) << "built over what is there";
  cache_.applied(pod("a", "2", "", "n1"));
  EXPECT_THAT(on("n1"), UnorderedElementsAre("early@1", "a@2"));
  cache_.applied(pod("a", "3", "", "n2"));
  EXPECT_THAT(on("n1"), ElementsAre("early@1"));
  EXPECT_THAT(on("n2"), ElementsAre("a@3"));
  cache_.deleted(pod("a", "4", "", "n2"));
  EXPECT_THAT(on("n2"), IsEmpty());
  EXPECT_THAT(cache_.byIndex("no such index", "n1"), IsEmpty());
}

// Whatever comes: the handlers' view, the index and the cache are the same, and each object is
// added before it is updated or deleted.
RC_GTEST_PROP(ObjectCachePropertyTest, HandlersSeeExactlyWhatTheCacheHolds, ()) {
  class Mirror final : public CacheHandler<Pod> {
   public:
    void onAdd(const PodPtr& p) override { RC_ASSERT(seen.emplace(p->meta.name.str(), p).second); }
    void onUpdate(const PodPtr& before, const PodPtr& after) override {
      RC_ASSERT(seen.at(after->meta.name.str()) == before);
      RC_ASSERT(before->meta.uid == after->meta.uid);
      seen[after->meta.name.str()] = after;
    }
    void onDelete(const PodPtr& last, bool) override {
      RC_ASSERT(seen.at(last->meta.name.str())->meta.uid == last->meta.uid);
      seen.erase(last->meta.name.str());
    }
    std::map<std::string, PodPtr> seen;
  };
  ObjectCache<Pod> cache;
  Mirror mirror;
  cache.addHandler(mirror);
  cache.addIndex("node", byNode);
  const auto any_pod = [] {
    return pod("p" + std::to_string(*rc::gen::inRange(0, 4)),
               std::to_string(*rc::gen::inRange(1, 30)),
               "u" + std::to_string(*rc::gen::inRange(0, 3)),
               "n" + std::to_string(*rc::gen::inRange(0, 2)));
  };
  const int steps = *rc::gen::inRange(0, 60);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        cache.deleted(any_pod());
        break;
      case 1: {
        std::vector<PodPtr> items;
        const int count = *rc::gen::inRange(0, 4);
        for (int k = 0; k < count; ++k) items.push_back(any_pod());
        cache.replaced(std::move(items), {"ns/p0"}, "1");
        break;
      }
      case 2:
        cache.deletedUnread("ns/p1");
        break;
      default:
        cache.applied(any_pod());
    }
    RC_ASSERT(cache.size() == mirror.seen.size());
    std::size_t indexed = 0;
    for (const char* node : {"n0", "n1"}) {
      for (const PodPtr& p : cache.byIndex("node", node)) {
        RC_ASSERT(cache.get("ns", p->meta.name.view()) == p);
        RC_ASSERT(p->spec.node_name == node);
        ++indexed;
      }
    }
    RC_ASSERT(indexed == cache.size());
    for (const auto& [name, p] : mirror.seen) RC_ASSERT(cache.get("ns", name) == p);
  }
}

TEST(ObjectCacheThreadsTest, ReadersRunBesideTheFeeder) {
  ObjectCache<Pod> cache;
  cache.addIndex("node", byNode);
  std::atomic<bool> done{false};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        for (const PodPtr& p : cache.byIndex("node", "n1")) EXPECT_EQ(p->spec.node_name, "n1");
        (void)cache.list();
        (void)cache.get("ns/p3");
      }
    });
  }
  for (int i = 1; i < 2000; ++i) {
    const std::string name = "p" + std::to_string(i % 7);
    cache.applied(pod(name, std::to_string(i), "", i % 2 == 0 ? "n1" : "n2"));
    if (i % 5 == 0) cache.deleted(pod(name, std::to_string(i), "", "n1"));
  }
  done = true;
}

}  // namespace
}  // namespace stowage::k8sclient
