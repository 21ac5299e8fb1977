import type { PluginEvent, Room, RoomEvent, RoomView, ViewerView } from "@playhead/sdk";
import { useEffect, useRef } from "react";
import { formatRate, formatTime } from "../lib/format";
import { fieldsOf, textOf } from "../plugins/plugin";
import type { Tell } from "./use-toasts";

/** Above this many viewers comings and goings are noise. */
const smallRoom = 12;

export function newsOf(event: RoomEvent, view: RoomView): string {
  // Nobody in particular: a plugin, or a rule of the room.
  const other = event.viewer === 0 ? "The room" : "Someone";
  const who = view.viewers.find(({ id }) => id === event.viewer)?.name ?? other;
  switch (event.kind) {
    case "played":
      return `${who} pressed play`;
    case "paused":
      return `${who} paused at ${formatTime(event.positionMs)}`;
    case "sought":
      return `${who} went to ${formatTime(event.positionMs)}`;
    case "rateChanged":
      return `${who} set the speed to ${formatRate(view.motion.rate)}`;
    case "loaded":
      return `${who} changed the video`;
    case "mediaEnded":
      return "That was the end";
  }
}

/** What the engine itself says about plugins; only moderators are told. */
export function engineNewsOf({ plugin, name, data }: PluginEvent): string {
  if (plugin !== "@engine") return "";
  const about = textOf(fieldsOf(data).plugin);
  if (name === "suspended") return `“${about}” broke down and rests; it comes back by itself`;
  return name === "resumed" ? `“${about}” is back` : "";
}

/**
 * Tells what the others do. Own actions are seen where they are made, and told only when they fail.
 * `comings` is false where a plugin tells who comes and goes.
 */
export function useRoomNews(room: Room, tell: Tell, comings: boolean): void {
  const known = useRef<ReadonlyMap<number, ViewerView> | null>(null);
  useEffect(() => {
    const offEvent = room.onEvent((event) => {
      if (event.viewer !== room.view.me) tell(newsOf(event, room.view));
    });
    const offEngine = room.onPluginEvent((event) => {
      const news = engineNewsOf(event);
      if (news) tell(news);
    });
    const offView = room.subscribe(() => {
      const { view } = room;
      if (view.status !== "live") {
        // What happened while we were away is state, not news.
        known.current = null;
        return;
      }
      const now = new Map(view.viewers.map((viewer) => [viewer.id, viewer]));
      const before = known.current;
      known.current = now;
      if (!comings || !before || now.size > smallRoom || before.size > smallRoom) return;
      for (const [id, { name }] of now)
        if (!before.has(id) && id !== view.me) tell(`${name} joined`);
      for (const [id, { name }] of before) if (!now.has(id) && id !== view.me) tell(`${name} left`);
    });
    return () => {
      offEvent();
      offEngine();
      offView();
    };
  }, [room, tell, comings]);
}
