// The two tables of the admin page: rooms, and what plugins cost.
import { formatBytes, formatCount, formatShortTime } from "../lib/format";
import { rowRates } from "./history";
import type { Overview, PluginRow, RoomRow } from "./overview";
import { type Column, SortedTable } from "./sorted-table";

const shareOfSecond = (msPerS: number | undefined): string =>
  msPerS === undefined ? "–" : `${formatShortTime(msPerS)}/s`;

/** The engine tells bounds. */
const drift = (ms: number | null): string => (ms === null ? "–" : `≤ ${formatShortTime(ms)}`);

const stateOf = ({ playing, mediaTitle }: RoomRow): string =>
  playing ? "playing" : mediaTitle ? "paused" : "–";

export function RoomTable({ history }: { history: readonly Overview[] }) {
  const costs = rowRates(
    history,
    ({ rooms }) => rooms,
    ({ room }) => room,
    ({ pluginMs }) => pluginMs,
  );
  const columns: Column<RoomRow>[] = [
    {
      name: "Room",
      by: ({ title, room }) => title || room,
      cell: ({ title, room, link }) => (
        <>
          <a href={link}>{title || room}</a>
          {title && <small>{room}</small>}
        </>
      ),
    },
    {
      name: "Viewers",
      by: ({ viewers }) => viewers,
      cell: ({ viewers }) => formatCount(viewers),
      numeric: true,
    },
    { name: "State", by: stateOf, cell: stateOf },
    { name: "Media", by: ({ mediaTitle }) => mediaTitle, cell: ({ mediaTitle }) => mediaTitle },
    {
      name: "Drift p50",
      by: ({ driftP50Ms }) => driftP50Ms ?? -1,
      cell: ({ driftP50Ms }) => drift(driftP50Ms),
      numeric: true,
      hint: "Half of the viewers that report are no further off than this",
    },
    {
      name: "Drift p95",
      by: ({ driftP95Ms }) => driftP95Ms ?? -1,
      cell: ({ driftP95Ms }) => drift(driftP95Ms),
      numeric: true,
    },
    {
      name: "Plugins",
      by: ({ room }) => costs.get(room) ?? -1,
      cell: ({ room }) => shareOfSecond(costs.get(room)),
      numeric: true,
      hint: "Time that the room's plugins take of a second",
    },
    {
      name: "Slow",
      by: ({ slow }) => slow,
      cell: ({ slow }) => (slow > 0 ? <strong className="bad">{slow}</strong> : "0"),
      numeric: true,
      hint: "Connections that do not take what the room sends",
    },
  ];
  return (
    <SortedTable
      caption="Rooms"
      columns={columns}
      rows={history.at(-1)?.rooms ?? []}
      keyOf={({ room }) => room}
      first="Viewers"
      empty="There are no rooms."
      rowTestId="admin-room"
    />
  );
}

const labelOf = ({ name, version }: PluginRow): string => (version ? `${name}@${version}` : name);

export function PluginTable({ history }: { history: readonly Overview[] }) {
  const costs = rowRates(
    history,
    ({ plugins }) => plugins,
    labelOf,
    ({ ms }) => ms,
  );
  const columns: Column<PluginRow>[] = [
    {
      name: "Plugin",
      by: labelOf,
      cell: (plugin) => (
        <>
          {labelOf(plugin)}
          <small>{plugin.hashes.join(" ")}</small>
        </>
      ),
    },
    {
      name: "Cost",
      by: (plugin) => costs.get(labelOf(plugin)) ?? -1,
      cell: (plugin) => shareOfSecond(costs.get(labelOf(plugin))),
      numeric: true,
      hint: "Time that it takes of a second, in all rooms",
    },
    {
      name: "Time",
      by: ({ ms }) => ms,
      cell: ({ ms }) => formatShortTime(ms),
      numeric: true,
      hint: "Since the engine was started",
    },
    {
      name: "Calls",
      by: ({ calls }) => calls,
      cell: ({ calls }) => formatCount(calls),
      numeric: true,
    },
    {
      name: "Instructions",
      by: ({ instructions }) => instructions,
      cell: ({ instructions }) => formatCount(instructions),
      numeric: true,
    },
    {
      name: "Errors",
      by: ({ errors }) => errors,
      cell: ({ errors }) =>
        errors > 0 ? <strong className="bad">{formatCount(errors)}</strong> : "0",
      numeric: true,
    },
    {
      name: "Memory",
      by: ({ memoryBytes }) => memoryBytes,
      cell: ({ memoryBytes }) => formatBytes(memoryBytes),
      numeric: true,
    },
    {
      name: "State",
      by: ({ stateBytes }) => stateBytes,
      cell: ({ stateBytes }) => formatBytes(stateBytes),
      numeric: true,
    },
    {
      name: "Rooms",
      by: ({ rooms }) => rooms,
      cell: ({ rooms }) => formatCount(rooms),
      numeric: true,
      hint: "In which it is loaded",
    },
    {
      name: "Suspended",
      by: ({ suspendedRooms }) => suspendedRooms,
      cell: ({ suspendedRooms }) =>
        suspendedRooms > 0 ? <strong className="bad">{formatCount(suspendedRooms)}</strong> : "0",
      numeric: true,
      hint: "Rooms in which it rests after a fault",
    },
  ];
  return (
    <SortedTable
      caption="Plugins"
      columns={columns}
      rows={history.at(-1)?.plugins ?? []}
      keyOf={labelOf}
      first="Cost"
      empty="No plugins are in use."
      rowTestId="admin-plugin"
    />
  );
}
