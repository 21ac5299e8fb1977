// The places of the room screen that plugins fill.
import type { Room, RoomView, ViewerView } from "@playhead/sdk";
import type { ComponentType } from "react";
import type { Tell } from "../hooks/use-toasts";
import type { PluginProps, PluginUi, ViewerAction } from "./plugin";
import type { RunningPlugin } from "./use-plugin-uis";

export interface Place {
  room: Room;
  view: RoomView;
  tell: Tell;
  running: readonly RunningPlugin[];
}

type PlaceName = {
  [Key in keyof PluginUi]-?: PluginUi[Key] extends ComponentType<PluginProps> | undefined
    ? Key
    : never;
}[keyof PluginUi];

/** Everything that plugins show at one place. */
export function Shown({ at, running, ...props }: Place & { at: PlaceName }) {
  return running.map(({ name, plugin, ui }) => {
    const Part = ui[at] as ComponentType<PluginProps> | undefined;
    return Part && <Part key={name} {...props} plugin={plugin} />;
  });
}

export const hasAny = (running: readonly RunningPlugin[], at: PlaceName): boolean =>
  running.some(({ ui }) => ui[at] !== undefined);

export function ViewerTags({ viewer, running, ...props }: Place & { viewer: ViewerView }) {
  return running.map(({ name, plugin, ui }) => {
    const { ViewerTags: Tags } = ui;
    return Tags && <Tags key={name} {...props} plugin={plugin} viewer={viewer} />;
  });
}

export function viewerActions(
  { running, ...props }: Place,
  viewer: ViewerView,
): readonly ViewerAction[] {
  return running.flatMap(
    ({ plugin, ui }) => ui.viewerActions?.({ ...props, plugin, viewer }) ?? [],
  );
}
