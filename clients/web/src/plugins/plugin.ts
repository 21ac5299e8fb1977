// What a plugin's part of the web room is: up to one component for each place where something can be shown.
import type {
  ListItem,
  PluginView,
  RingItem,
  Room,
  RoomView,
  SharedField,
  SharedValue,
  ViewerView,
} from "@playhead/sdk";
import type { ComponentType } from "react";
import type { Tell } from "../hooks/use-toasts";

export interface PluginProps {
  room: Room;
  view: RoomView;
  plugin: PluginView;
  tell: Tell;
}

export interface PanelProps extends PluginProps {
  /** The tab is in front, and the page can be seen. */
  shown: boolean;
}

export interface ViewerProps extends PluginProps {
  viewer: ViewerView;
}

/** An entry of a viewer's menu. */
export interface ViewerAction {
  id: string;
  label: string;
  /** Why not; empty when it can be done. */
  disabledReason: string;
  /** Asks what else there is to know (how long, why) before it is done. */
  ask?: "reason" | "time";
  danger?: boolean;
  run(asked: { seconds?: number; reason?: string }): void;
}

export interface PluginUi {
  tab?: {
    label: string;
    Panel: ComponentType<PanelProps>;
    /** Beside the label; mounted all the time. */
    Badge?: ComponentType<PanelProps>;
  };
  /** A part of the tab "Room", for what is set once. */
  Section?: ComponentType<PluginProps>;
  /** Under the header: what everyone should see now. */
  Banner?: ComponentType<PluginProps>;
  /** Under the player's controls. */
  Bar?: ComponentType<PluginProps>;
  /** On the picture, whose box it fills. */
  Layer?: ComponentType<PluginProps>;
  /** On the film's line, from its beginning to its end. */
  Timeline?: ComponentType<PluginProps>;
  /** Beside a viewer's name. */
  ViewerTags?: ComponentType<ViewerProps>;
  viewerActions?(props: ViewerProps): readonly ViewerAction[];
  /** Under the list of viewers. */
  People?: ComponentType<PluginProps>;
  /** Shows nothing itself: turns what happens into toasts. */
  News?: ComponentType<PluginProps>;
  /** It tells who comes and goes, so that the room's own news need not. */
  tellsComings?: boolean;
}

// What plugins share is typed by their manifests, which the engine enforces; these readers only give TypeScript names for it.

export type Fields = { readonly [name: string]: SharedValue | undefined };

const nothing: Fields = {};

export function fieldsOf(value: SharedField | undefined): Fields {
  return typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Map) &&
    !(value instanceof Set)
    ? (value as Fields)
    : nothing;
}

/** Undefined when there is nothing: most fields say so by being absent. */
export function presentFields(value: SharedField | undefined): Fields | undefined {
  const fields = fieldsOf(value);
  return fields === nothing ? undefined : fields;
}

export const textOf = (value: SharedField | undefined): string =>
  typeof value === "string" ? value : "";
export const numberOf = (value: SharedField | undefined): number =>
  typeof value === "number" ? value : 0;
export const maybeNumber = (value: SharedField | undefined): number | undefined =>
  typeof value === "number" ? value : undefined;

const noList: readonly never[] = [];
export const listOf = (value: SharedField | undefined): readonly SharedValue[] =>
  Array.isArray(value) ? (value as readonly SharedValue[]) : noList;
export const numbersOf = (value: SharedField | undefined): readonly number[] =>
  listOf(value).filter((item) => typeof item === "number");
export const textsOf = (value: SharedField | undefined): readonly string[] =>
  listOf(value).filter((item) => typeof item === "string");

const noMap: ReadonlyMap<number | string, SharedValue> = new Map();
export const mapOf = (value: SharedField | undefined): ReadonlyMap<number | string, SharedValue> =>
  value instanceof Map ? value : noMap;
const noSet: ReadonlySet<number | string> = new Set();
export const setOf = (value: SharedField | undefined): ReadonlySet<number | string> =>
  value instanceof Set ? value : noSet;
export const itemsOf = (value: SharedField | undefined): readonly ListItem[] =>
  Array.isArray(value) ? (value as readonly ListItem[]) : noList;
export const ringOf = (value: SharedField | undefined): readonly RingItem[] =>
  Array.isArray(value) ? (value as readonly RingItem[]) : noList;

export const viewerOf = (view: RoomView, id: number | undefined): ViewerView | undefined =>
  view.viewers.find((viewer) => viewer.id === id);
