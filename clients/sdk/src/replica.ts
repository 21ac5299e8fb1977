// A client's copy of a room: applies snapshots and deltas and checks the state hash.
// engine/replication/replica.hpp is its twin.
//   Units:  the wire's (us, ticks, thousandths).
//   Shapes: every value is immutable; what did not change keeps its identity, so that views can share it.

import type { Delta, Media, RoomFields, RoomInfo, Snapshot, ViewerRow } from "./messages.js";
import { NO_SHARED, type SharedState, SharedTables } from "./shared-tables.js";
import {
  hashInfo,
  hashMedia,
  hashMotion,
  hashViewer,
  hashViewerCount,
  sumHashes,
} from "./state-hash.js";
import type { Motion } from "./sync/motion.js";

export interface ReplicaState {
  readonly info: RoomInfo;
  readonly media: Media;
  readonly motion: Motion;
  readonly viewerCount: number;
  readonly viewers: ReadonlyMap<number, ViewerRow>;
  readonly shared: SharedState;
}

/** What a room holds before anyone has put anything into it. */
export const EMPTY_STATE: ReplicaState = {
  info: { title: "", listed: false },
  media: { instance: 0, kind: 0, url: "", title: "", durationUs: 0 },
  motion: {
    current: { media: 0, anchorPositionUs: 0, anchorTick: 0, ratePermille: 1000, playing: false },
  },
  viewerCount: 0,
  viewers: new Map(),
  shared: NO_SHARED,
};

/** `stale` is harmless: a duplicate, or older than what we hold. The last two ask for a snapshot. */
export type Applied = "updated" | "stale" | "needsSnapshot" | "hashMismatch";

export class Replica {
  private state_ = EMPTY_STATE;
  private epoch_ = 0;
  private version_ = 0;
  /** Kept incrementally: the hash of each single item and of each row. */
  private itemHashes = hashItems(EMPTY_STATE);
  private rowHashes = new Map<number, number>();
  private rowSum = 0;
  private shared = new SharedTables();

  get state(): ReplicaState {
    return this.state_;
  }
  /** 0 until the first snapshot. */
  get epoch(): number {
    return this.epoch_;
  }
  get version(): number {
    return this.version_;
  }
  get stateHash(): number {
    const { info, media, motion, viewerCount } = this.itemHashes;
    return sumHashes(info, media, motion, viewerCount, this.rowSum, this.shared.hash);
  }

  apply(message: Snapshot | Delta): Applied {
    if (message.type === "snapshot") {
      // One that was said again comes behind what made it unnecessary.
      if (message.epoch === this.epoch_ && message.version < this.version_) return "stale";
      this.forget();
    } else {
      if (message.epoch !== this.epoch_ || this.epoch_ === 0) return "needsSnapshot";
      if (message.version < this.version_) return "stale";
      // Nothing new; the engine says so to a viewer that has come back and missed nothing.
      if (message.version === this.version_) {
        return message.stateHash === this.stateHash ? "stale" : "hashMismatch";
      }
      if (message.base > this.version_) return "needsSnapshot";
    }
    this.write(message.fields);
    this.epoch_ = message.epoch;
    this.version_ = message.version;
    return this.stateHash === message.stateHash ? "updated" : "hashMismatch";
  }

  /** Whether a beacon of this version and hash agrees with what we hold. */
  check(version: number, stateHash: number): Applied {
    if (this.epoch_ === 0 || version > this.version_) return "needsSnapshot";
    if (version < this.version_) return "stale";
    return stateHash === this.stateHash ? "updated" : "hashMismatch";
  }

  /** As before the first snapshot. */
  forget(): void {
    this.state_ = EMPTY_STATE;
    this.epoch_ = 0;
    this.version_ = 0;
    this.itemHashes = hashItems(EMPTY_STATE);
    this.rowHashes = new Map();
    this.rowSum = 0;
    this.shared = new SharedTables();
  }

  private write(fields: RoomFields): void {
    const { info, media, motion, viewerCount } = fields;
    const hashes = { ...this.itemHashes };
    if (info !== undefined) hashes.info = hashInfo(info);
    if (media !== undefined) hashes.media = hashMedia(media);
    if (motion !== undefined) hashes.motion = hashMotion(motion);
    if (viewerCount !== undefined) hashes.viewerCount = hashViewerCount(viewerCount);
    this.itemHashes = hashes;
    this.state_ = {
      info: info ?? this.state_.info,
      media: media ?? this.state_.media,
      motion: motion ?? this.state_.motion,
      viewerCount: viewerCount ?? this.state_.viewerCount,
      viewers: this.writeRows(fields),
      shared: this.shared.write(fields.shared ?? []),
    };
  }

  private writeRows({ viewers, removedViewers }: RoomFields): ReadonlyMap<number, ViewerRow> {
    if (viewers.length === 0 && removedViewers.length === 0) return this.state_.viewers;
    const rows = new Map(this.state_.viewers);
    for (const id of removedViewers) {
      rows.delete(id);
      this.setRowHash(id, undefined);
    }
    for (const row of viewers) {
      rows.set(row.id, row);
      this.setRowHash(row.id, hashViewer(row));
    }
    return rows;
  }

  private setRowHash(id: number, hash: number | undefined): void {
    this.rowSum = (this.rowSum - (this.rowHashes.get(id) ?? 0) + (hash ?? 0)) >>> 0;
    if (hash === undefined) this.rowHashes.delete(id);
    else this.rowHashes.set(id, hash);
  }
}

function hashItems(state: ReplicaState) {
  return {
    info: hashInfo(state.info),
    media: hashMedia(state.media),
    motion: hashMotion(state.motion),
    viewerCount: hashViewerCount(state.viewerCount),
  };
}
