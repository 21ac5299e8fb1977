// Which plugins have a part in the web room, in the order of their tabs. Each is loaded when a room runs the plugin.
// A plugin that is not here works all the same; its state is in `room.view.plugins`.
import type { PluginUi } from "./plugin";

export type PluginModule = { readonly default: PluginUi };

export const registry: ReadonlyMap<string, () => Promise<PluginModule>> = new Map([
  ["chat", () => import("./chat")],
  ["queue", () => import("./queue")],
  ["vote", () => import("./vote")],
  ["reactions", () => import("./reactions")],
  ["cursors", () => import("./cursors")],
  ["presence", () => import("./presence")],
  ["host_control", () => import("./host_control")],
  ["roles", () => import("./roles")],
  ["ready", () => import("./ready")],
  ["schedule", () => import("./schedule")],
] satisfies [string, () => Promise<PluginModule>][]);
