// The catalogue of config and the registry of scheduling are two lists, since config stands below
// scheduling. Here they are held to say the same.
#include <gtest/gtest.h>

#include "config/plugin_catalogue.h"
#include "scheduling/plugins/peer_factory.h"
#include "scheduling/plugins/registry.h"

namespace stowage::config {
namespace {

TEST(PluginCatalogue, SchedulingKnowsEveryFilterAndScoreThatAProfileMayName) {
  for (const PluginInfo& plugin : pluginCatalogue()) {
    const bool filter = plugin.extends(ExtensionPoint::kFilter);
    const bool score = plugin.extends(ExtensionPoint::kScore);
    if (!filter && !score) continue;
    const auto id = scheduling::findPlugin(plugin.name);
    ASSERT_TRUE(id.has_value()) << plugin.name;
    const scheduling::PluginInfo& known = scheduling::knownPlugins()[*id];
    EXPECT_EQ(known.filter, filter) << plugin.name;
    EXPECT_EQ(known.score, score) << plugin.name;
  }
}

TEST(PluginCatalogue, AFilterIsBuiltHereExactlyWhenSchedulingCanMakeIt) {
  scheduling::ClusterCache cache;
  const scheduling::Profile profile = scheduling::defaultProfile("x");
  for (const PluginInfo& plugin : pluginCatalogue()) {
    if (!plugin.extends(ExtensionPoint::kFilter)) continue;
    const bool made = scheduling::makeFilter(plugin.name, profile, cache) != nullptr ||
                      scheduling::makePeerFilter(plugin.name, profile, cache) != nullptr;
    EXPECT_EQ(plugin.filter == Support::kBuilt, made) << plugin.name;
  }
}

TEST(PluginCatalogue, KnowsEveryPluginOfScheduling) {
  for (const scheduling::PluginInfo& known : scheduling::knownPlugins()) {
    const PluginInfo* plugin = findPlugin(known.name);
    ASSERT_NE(plugin, nullptr) << known.name;
    EXPECT_EQ(plugin->score == Support::kBuilt, known.score && known.built) << known.name;
  }
}

}  // namespace
}  // namespace stowage::config
