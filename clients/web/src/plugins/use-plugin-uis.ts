import type { PluginView, RoomView } from "@playhead/sdk";
import { useEffect, useMemo, useState } from "react";
import type { PluginUi } from "./plugin";
import { registry } from "./registry";

export interface RunningPlugin {
  readonly name: string;
  readonly plugin: PluginView;
  readonly ui: PluginUi;
}

/** What the room's plugins show, in the registry's order; each appears once it has been loaded. */
export function usePluginUis(
  view: RoomView,
  tell: (text: string, tone?: "plain" | "bad") => void,
): readonly RunningPlugin[] {
  const { plugins } = view;
  const [loaded, setLoaded] = useState<ReadonlyMap<string, PluginUi>>(new Map());
  const wanted = [...registry.keys()].filter((name) => name in plugins).join(" ");

  useEffect(() => {
    let over = false;
    for (const name of wanted.split(" ")) {
      registry
        .get(name)?.()
        .then(
          (module) => {
            if (!over) setLoaded((before) => new Map(before).set(name, module.default));
          },
          () => {
            // A page that was loaded before the server was upgraded asks for files that are gone.
            if (!over) tell(`The page has no “${name}”: reload it to get the current one`, "bad");
          },
        );
    }
    return () => {
      over = true;
    };
  }, [wanted, tell]);

  return useMemo(
    () =>
      [...registry.keys()].flatMap((name) => {
        const plugin = plugins[name];
        const ui = loaded.get(name);
        return plugin && ui ? [{ name, plugin, ui }] : [];
      }),
    [plugins, loaded],
  );
}
