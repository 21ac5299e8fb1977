// What the engine tells whoever runs it ([H14] in schemas/PROTOCOL.md), checked: an older engine leaves something out.
import { count, type Fields, fieldsOf, request, text } from "../lib/api";

/** How many lie at or below each bound; `counts` has one more, what lies above the last. */
export interface Buckets {
  le: number[];
  counts: number[];
}

export interface Shard {
  index: number;
  rooms: number;
  viewers: number;
  sessions: number;
  tickLoad: number;
  cpuS: number;
  tickMs: Buckets;
  ticks: number;
  ticksSkipped: number;
  passes: number;
  sends: number;
  sentBytes: number;
  slow: number;
  slowTotal: number;
  slowClosed: number;
  ticksPutOff: number;
}

export interface RoomRow {
  room: string;
  title: string;
  /** Path, with the join token where the room is public. */
  link: string;
  viewers: number;
  playing: boolean;
  mediaTitle: string;
  pluginMs: number;
  reporting: number;
  /** Null while nobody reports. */
  driftP50Ms: number | null;
  driftP95Ms: number | null;
  slow: number;
}

export interface PluginRow {
  name: string;
  version: string;
  hashes: string[];
  rooms: number;
  suspendedRooms: number;
  calls: number;
  errors: number;
  instructions: number;
  ms: number;
  memoryBytes: number;
  stateBytes: number;
}

export interface Overview {
  version: string;
  uptimeS: number;
  tickMs: number;
  draining: boolean;
  shards: Shard[];
  rooms: RoomRow[];
  plugins: PluginRow[];
  driftMs: Buckets;
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const counts = (value: unknown): number[] => list(value).map(count);
const optional = (value: unknown): number | null => (typeof value === "number" ? value : null);

function bucketsOf(value: unknown): Buckets {
  const fields = fieldsOf(value);
  const le = counts(fields.le);
  const found = counts(fields.counts);
  return { le, counts: Array.from({ length: le.length + 1 }, (_, at) => found[at] ?? 0) };
}

const shardOf = (fields: Fields): Shard => ({
  index: count(fields.index),
  rooms: count(fields.rooms),
  viewers: count(fields.viewers),
  sessions: count(fields.sessions),
  tickLoad: count(fields.tick_load),
  cpuS: count(fields.cpu_s),
  tickMs: bucketsOf(fields.tick_ms),
  ticks: count(fields.ticks_total),
  ticksSkipped: count(fields.ticks_skipped_total),
  passes: count(fields.fan_out_passes_total),
  sends: count(fields.sends_total),
  sentBytes: count(fields.sent_bytes_total),
  slow: count(fields.slow_sessions),
  slowTotal: count(fields.slow_sessions_total),
  slowClosed: count(fields.slow_closed_total),
  ticksPutOff: count(fields.plugin_room_ticks_put_off_total),
});

function roomOf(fields: Fields): RoomRow {
  const drift = fieldsOf(fields.drift_ms);
  const link = text(fields.link);
  return {
    room: text(fields.room),
    title: text(fields.title),
    link: link.startsWith("/r/") ? link : `/r/${encodeURIComponent(text(fields.room))}`,
    viewers: count(fields.viewers),
    playing: fields.playing === true,
    mediaTitle: text(fields.media_title),
    pluginMs: count(fields.plugin_ms_total),
    reporting: count(drift.reporting),
    driftP50Ms: optional(drift.p50),
    driftP95Ms: optional(drift.p95),
    slow: count(fields.slow_sessions),
  };
}

const pluginOf = (fields: Fields): PluginRow => ({
  name: text(fields.name),
  version: text(fields.version),
  hashes: list(fields.hashes).map(text),
  rooms: count(fields.rooms),
  suspendedRooms: count(fields.suspended_rooms),
  calls: count(fields.calls_total),
  errors: count(fields.errors_total),
  instructions: count(fields.instructions_total),
  ms: count(fields.ms_total),
  memoryBytes: count(fields.memory_bytes),
  stateBytes: count(fields.state_bytes),
});

export function overviewOf(answer: unknown): Overview {
  const fields = fieldsOf(answer);
  const engine = fieldsOf(fields.engine);
  return {
    version: text(engine.version),
    uptimeS: count(engine.uptime_s),
    tickMs: count(engine.tick_us) / 1000,
    draining: engine.draining === true,
    shards: list(fields.shards).map(fieldsOf).map(shardOf),
    rooms: list(fields.rooms)
      .map(fieldsOf)
      .map(roomOf)
      .filter(({ room }) => room !== ""),
    plugins: list(fields.plugins)
      .map(fieldsOf)
      .map(pluginOf)
      .filter(({ name }) => name !== ""),
    driftMs: bucketsOf(fields.drift_ms),
  };
}

/** Throws ApiError: 401 and 403 about the token, 404 where there is no admin API, 0 when the engine is not reached. */
export async function fetchOverview(token: string): Promise<Overview> {
  return overviewOf(
    await request("/api/v1/admin/overview", { headers: { Authorization: `Bearer ${token}` } }),
  );
}
