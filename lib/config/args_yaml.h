// The args of all plugins as `pluginConfig` of one profile. Pure.
#pragma once

#include "config/plugin_args.h"
#include "config/yaml_writer.h"

namespace stowage::config {

void writeArgs(YamlWriter& out, const PluginArgs& args);

}  // namespace stowage::config
