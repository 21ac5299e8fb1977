#pragma once

#include "app/config.hpp"
#include "app/config_table.hpp"
#include "plugin/plugin_set.hpp"
#include "room/command.hpp"

#include <memory>
#include <optional>
#include <string>

// Inside app only: the parts of the table of settings, and what reads them.
namespace playhead::config {

const Keys<Config>& limit_keys();
const Keys<RoomRequest>& room_keys();
const Keys<Load>& media_keys(); // of a room
const Keys<tls::Files>& tls_keys();
const Keys<enet::Settings>& enet_keys();
const Keys<RecordingSettings>& recording_keys();

// A list of rooms, for Config::rooms.
void read_rooms(Config& config, const Value& value, const std::string& path, Reading& reading);

// { certificate = "cert.pem", key = "key.pem" }, for Config::http.
void read_tls(Config& config, const Value& value, const std::string& path, Reading& reading);

// { listen = "0.0.0.0:8081", sealed = true }, for Config::enet.
void read_enet(Config& config, const Value& value, const std::string& path, Reading& reading);

// "var/recordings", or { folder = "var/recordings", all = false }, for Config::recording.
void read_recording(Config& config, const Value& value, const std::string& path, Reading& reading);

// { chat = { keep = 100 }, queue = {} }: reads these plugins from reading.plugins_folder, checks and orders them.
// Null after a mistake.
std::shared_ptr<const PluginSet> read_plugin_table(const Value& value, const std::string& path, Reading& reading);
// The same table, complete; nil for null.
Value settings_of(const std::shared_ptr<const PluginSet>& plugins);

} // namespace playhead::config
