import type { PluginEvent, Room } from "@playhead/sdk";
import { useEffect, useRef } from "react";
import { type Fields, fieldsOf } from "../plugins/plugin";

/** Calls with the fields of each event of that name that the plugin tells. */
export function usePluginEvent(
  room: Room,
  plugin: string,
  name: string,
  happened: (fields: Fields, event: PluginEvent) => void,
): void {
  const latest = useRef(happened);
  latest.current = happened;
  useEffect(
    () =>
      room.onPluginEvent((event) => {
        if (event.plugin === plugin && event.name === name) {
          latest.current(fieldsOf(event.data), event);
        }
      }),
    [room, plugin, name],
  );
}
