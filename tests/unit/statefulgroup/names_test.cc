#include "statefulgroup/names.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace stowage::statefulgroup {
namespace {

kubeapi::StatefulGroup groupNamed(const std::string& name, bool sharded = true) {
  kubeapi::StatefulGroup group;
  group.meta.name = name;
  group.spec.naming =
      sharded ? kubeapi::group::Naming::kSharded : kubeapi::group::Naming::kStatefulSet;
  return group;
}

TEST(Names, ShardedNamesCarryShardAndOrdinal) {
  const Names names(groupNamed("db"));
  EXPECT_EQ(names.pod({1, 2}), "db-1-2");
  EXPECT_EQ(names.claim("data", {1, 2}), "data-db-1-2");
  EXPECT_EQ(names.headlessService(1), "db-1-peers");
  EXPECT_EQ(names.clientService(1), "db-1-client");
  EXPECT_EQ(names.roleService(1, "leader"), "db-1-leader");
  EXPECT_EQ(names.budget(1), "db-1");
  EXPECT_EQ(names.revision("x2f"), "db-x2f");
}

TEST(Names, StatefulSetNamesAreThoseOfAStatefulSet) {
  kubeapi::StatefulGroup group = groupNamed("db", false);
  EXPECT_EQ(Names(group).pod({0, 2}), "db-2");
  EXPECT_EQ(Names(group).claim("data", {0, 2}), "data-db-2");
  EXPECT_EQ(Names(group).headlessService(0), "db");
  group.spec.services.headless.name = "db-headless";
  EXPECT_EQ(Names(group).headlessService(0), "db-headless");
  EXPECT_EQ(Names(group).clientService(0), "db-0-client");
}

TEST(Names, OfOtherPodsAreNoMembers) {
  const Names sharded(groupNamed("db"));
  for (const char* name : {"db", "db-", "db-1", "db-1-", "db-1-a", "db-01-1", "db-1-01", "db-1-2-3",
                           "dbx-1-2", "db--1-2", "db-1--2", "db-1-123456", "db-a-1"}) {
    EXPECT_FALSE(sharded.replicaOf(name).has_value()) << name;
  }
  const Names flat(groupNamed("db", false));
  EXPECT_EQ(flat.replicaOf("db-7"), (Replica{0, 7}));
  for (const char* name : {"db", "db-", "db-07", "db-1-2", "db-x", "d-1"}) {
    EXPECT_FALSE(flat.replicaOf(name).has_value()) << name;
  }
}

std::string anyGroupName() {
  // Short pieces that look like our own suffixes make collisions likely.
  std::string name = *rc::gen::element<std::string>("a", "b");
  const int pieces = *rc::gen::inRange(0, 3);
  for (int i = 0; i < pieces; ++i) {
    name += *rc::gen::element<std::string>("-0", "-1", "-peers", "-client", "-leader", "-a");
  }
  return name;
}

RC_GTEST_PROP(Names, OfPodsReadBack, ()) {
  const bool sharded = *rc::gen::arbitrary<bool>();
  const Names names(groupNamed(anyGroupName(), sharded));
  const Replica replica{sharded ? *rc::gen::inRange(0, 256) : 0, *rc::gen::inRange(0, 10'162)};
  RC_ASSERT(names.replicaOf(names.pod(replica)) == replica);
}

// Services are the kind with most names: no two groups in a namespace want the same one.
RC_GTEST_PROP(Names, OfTwoShardedGroupsNeverMeet, ()) {
  const std::string first = anyGroupName();
  const std::string second = anyGroupName();
  RC_PRE(first != second);
  const auto services = [](const std::string& group) {
    const Names names(groupNamed(group));
    std::set<std::string> all;
    for (int shard = 0; shard < 3; ++shard) {
      all.insert({names.headlessService(shard), names.clientService(shard),
                  names.roleService(shard, "leader")});
      for (int ordinal = 0; ordinal < 3; ++ordinal) all.insert(names.pod({shard, ordinal}));
    }
    return all;
  };
  for (const std::string& name : services(first)) RC_ASSERT(!services(second).contains(name));
}

RC_GTEST_PROP(Names, FitWhereTheyAreUsed, ()) {
  const bool sharded = *rc::gen::arbitrary<bool>();
  const Names names(groupNamed(std::string(sharded ? 48 : 52, 'a'), sharded));
  constexpr std::size_t kLabel = 63;
  RC_ASSERT(names.pod({sharded ? 255 : 0, 10'162}).size() <= kLabel);
  RC_ASSERT(names.headlessService(255).size() <= kLabel);
  RC_ASSERT(names.clientService(sharded ? 255 : 0).size() <= kLabel);
  RC_ASSERT(names.revision("0123456789").size() <= kLabel);
}

}  // namespace
}  // namespace stowage::statefulgroup
