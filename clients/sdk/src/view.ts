// From the replicated state in the wire's units to what an app shows. Parts that did not change keep their identity,
// so that a framework redraws only what did.

import type {
  ClockView,
  DriftDistributionView,
  MediaView,
  Motion as PublicMotion,
  Playhead as PublicPlayhead,
  RoleName,
  ViewerView,
} from "./api.js";
import {
  type Beacon,
  FLAG_AWAY,
  FLAG_BLOCKED,
  FLAG_INEXACT,
  FLAG_STALLED,
  MEDIA_KINDS,
  type Media,
  ROLES,
  type Telemetry,
  type ViewerRow,
} from "./messages.js";
import { PluginViews } from "./plugin-view.js";
import { intentOf } from "./predict.js";
import type { ReplicaState } from "./replica.js";
import type { ClockEstimate } from "./sync/clock.js";
import { anchorMs, type Motion, type Playhead } from "./sync/motion.js";

/** Remembers the last result, for as long as the arguments stay the same objects. */
function memo<Args extends readonly unknown[], Result>(
  compute: (...args: Args) => Result,
): (...args: Args) => Result {
  let last: { readonly args: Args; readonly result: Result } | undefined;
  return (...args) => {
    if (last === undefined || args.some((arg, i) => arg !== last?.args[i])) {
      last = { args, result: compute(...args) };
    }
    return last.result;
  };
}

/** A colour for each viewer, far from its neighbours' (the golden angle). Unit: degrees, 0..359. */
export function hueOf(viewer: number): number {
  return Math.round(viewer * 137.508) % 360;
}

function publicPlayhead(playhead: Playhead, tickUs: number): PublicPlayhead {
  return {
    media: playhead.media,
    positionMs: playhead.anchorPositionUs / 1000,
    anchorMs: anchorMs(playhead, tickUs),
    rate: playhead.ratePermille / 1000,
    playing: playhead.playing,
  };
}

function publicMotion(motion: Motion, tickUs: number): PublicMotion {
  const intent = intentOf(motion);
  return {
    current: publicPlayhead(motion.current, tickUs),
    ...(motion.pending === undefined ? {} : { pending: publicPlayhead(motion.pending, tickUs) }),
    playing: intent.playing,
    rate: intent.ratePermille / 1000,
  };
}

function publicMedia(media: Media): MediaView {
  return {
    instance: media.instance,
    kind: MEDIA_KINDS[media.kind] ?? "none",
    url: media.url,
    title: media.title,
    durationMs: media.durationUs / 1000,
  };
}

export function publicClock(estimate: ClockEstimate): ClockView {
  const { offsetMs, errorBoundMs, rttMs, jitterMs, settled } = estimate;
  return { offsetMs, errorBoundMs, rttMs, jitterMs, settled };
}

export function publicDistribution(beacon: Beacon): DriftDistributionView | undefined {
  const { distribution } = beacon;
  if (distribution === undefined) return undefined;
  return {
    reporting: distribution.reporting,
    p50Ms: distribution.p50Us / 1000,
    p95Ms: distribution.p95Us / 1000,
    maxMs: distribution.maxUs / 1000,
    stalled: distribution.stalled,
    away: distribution.away,
  };
}

/** The wire's buffer_ms says this for "that or more". */
const BUFFER_MS_MAX = 65_535;

/** Bits to names; the objects are shared, since rooms have few combinations. */
const rolesOf = (() => {
  const known = new Map<number, Readonly<Record<RoleName, boolean>>>();
  return (bits: number): Readonly<Record<RoleName, boolean>> => {
    // Bits that this SDK does not know are left out, so that there are no more than 2^6.
    const mask = bits & (2 ** ROLES.length - 1);
    let roles = known.get(mask);
    if (roles === undefined) {
      roles = Object.fromEntries(
        ROLES.map((role, bit) => [role, (mask & (1 << bit)) !== 0]),
      ) as Record<RoleName, boolean>;
      known.set(mask, roles);
    }
    return roles;
  };
})();

function publicViewer(row: ViewerRow, telemetry: Telemetry | undefined): ViewerView {
  const flags = telemetry?.flags ?? 0;
  const roles = rolesOf(row.roles);
  return {
    id: row.id,
    name: row.name,
    owner: roles.owner,
    roles,
    connected: row.connected,
    hue: hueOf(row.id),
    ...(telemetry === undefined
      ? {}
      : {
          driftMs: telemetry.driftUs / 1000,
          delayMs: telemetry.delayMs,
          bufferMs: Math.min(telemetry.bufferMs, BUFFER_MS_MAX),
        }),
    stalled: (flags & FLAG_STALLED) !== 0,
    away: (flags & FLAG_AWAY) !== 0,
    blocked: (flags & FLAG_BLOCKED) !== 0,
    inexact: (flags & FLAG_INEXACT) !== 0,
  };
}

function sameTelemetry(a: Telemetry | undefined, b: Telemetry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.driftUs === b.driftUs &&
    a.delayMs === b.delayMs &&
    a.bufferMs === b.bufferMs &&
    a.flags === b.flags
  );
}

interface KnownViewer {
  readonly row: ViewerRow;
  readonly telemetry: Telemetry | undefined;
  readonly view: ViewerView;
}

/** The converters of one room, each with the memory that keeps identities. */
export class ViewParts {
  readonly motion = memo(publicMotion);
  readonly confirmedMotion = memo(publicMotion);
  readonly media = memo(publicMedia);
  readonly plugins = new PluginViews();
  private known = new Map<number, KnownViewer>();
  private list: readonly ViewerView[] = [];

  readonly viewers = memo(
    (
      rows: ReplicaState["viewers"],
      telemetry: ReadonlyMap<number, Telemetry>,
    ): readonly ViewerView[] => {
      const known = new Map<number, KnownViewer>();
      for (const row of [...rows.values()].sort((a, b) => a.id - b.id)) {
        const figures = telemetry.get(row.id);
        const before = this.known.get(row.id);
        known.set(
          row.id,
          before !== undefined && before.row === row && sameTelemetry(before.telemetry, figures)
            ? before
            : { row, telemetry: figures, view: publicViewer(row, figures) },
        );
      }
      this.known = known;
      const list = [...known.values()].map(({ view }) => view);
      const same = list.length === this.list.length && list.every((v, i) => v === this.list[i]);
      if (!same) this.list = list;
      return this.list;
    },
  );
}
