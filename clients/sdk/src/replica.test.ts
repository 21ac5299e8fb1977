import { describe, expect, it } from "vitest";
import type { Delta, Snapshot } from "./messages.js";
import { EMPTY_STATE, Replica } from "./replica.js";
import {
  hashInfo,
  hashMedia,
  hashMotion,
  hashViewer,
  hashViewerCount,
  sumHashes,
} from "./state-hash.js";

const ada = { id: 1, name: "Ada", roles: 1, connected: true };
const bob = { id: 2, name: "Bob", roles: 0, connected: true };
const info = { title: "Cinema", listed: false };

function hash(viewers: readonly (typeof ada)[], title = info): number {
  return sumHashes(
    hashInfo(title),
    hashMedia(EMPTY_STATE.media),
    hashMotion(EMPTY_STATE.motion),
    hashViewerCount(viewers.length),
    ...viewers.map(hashViewer),
  );
}

const snapshot: Snapshot = {
  type: "snapshot",
  epoch: 5,
  version: 10,
  tick: 1,
  stateHash: hash([ada]),
  fields: { info, viewerCount: 1, viewers: [ada], removedViewers: [] },
};
const bobJoins: Delta = {
  type: "delta",
  epoch: 5,
  base: 10,
  version: 11,
  tick: 2,
  stateHash: hash([ada, bob]),
  sentAtUs: 0,
  fields: { viewerCount: 2, viewers: [bob], removedViewers: [] },
};
const adaLeaves: Delta = {
  ...bobJoins,
  base: 11,
  version: 12,
  stateHash: hash([bob]),
  fields: { viewerCount: 1, viewers: [], removedViewers: [1] },
};

describe("the replica", () => {
  it("follows a snapshot and the deltas after it", () => {
    const replica = new Replica();
    expect(replica.apply(snapshot)).toBe("updated");
    expect(replica.apply(bobJoins)).toBe("updated");
    expect(replica.apply(adaLeaves)).toBe("updated");
    expect(replica.state.viewers).toEqual(new Map([[2, bob]]));
    expect(replica.version).toBe(12);
    expect(replica.check(12, hash([bob]))).toBe("updated");
  });

  it("applies a delta from any version between its base and its own", () => {
    const replica = new Replica();
    replica.apply(snapshot);
    replica.apply(bobJoins);
    const both: Delta = { ...adaLeaves, base: 10, fields: { ...adaLeaves.fields, viewers: [bob] } };
    expect(replica.apply(both)).toBe("updated");
    expect(replica.state.viewers.size).toBe(1);
  });

  it("is not moved by a duplicate or an older delta", () => {
    const replica = new Replica();
    replica.apply(snapshot);
    replica.apply(bobJoins);
    const before = replica.state;
    expect(replica.apply(bobJoins)).toBe("stale");
    expect(replica.state).toBe(before);
  });

  it("checks the hash of an empty delta, which says that nothing was missed", () => {
    const replica = new Replica();
    replica.apply(snapshot);
    const empty: Delta = {
      ...bobJoins,
      base: 10,
      version: 10,
      stateHash: snapshot.stateHash,
      fields: { viewers: [], removedViewers: [] },
    };
    expect(replica.apply(empty)).toBe("stale");
    expect(replica.apply({ ...empty, stateHash: 3 })).toBe("hashMismatch");
  });

  it("asks for a snapshot across a gap, in another epoch and before the first one", () => {
    const replica = new Replica();
    expect(replica.apply(bobJoins)).toBe("needsSnapshot");
    replica.apply(snapshot);
    expect(replica.apply(adaLeaves)).toBe("needsSnapshot");
    expect(replica.apply({ ...bobJoins, epoch: 6 })).toBe("needsSnapshot");
    expect(replica.version).toBe(10);
    expect(replica.check(11, 0)).toBe("needsSnapshot");
  });

  it("finds a state that does not match its hash, in a delta and in a beacon", () => {
    const replica = new Replica();
    replica.apply(snapshot);
    expect(replica.check(10, snapshot.stateHash + 1)).toBe("hashMismatch");
    expect(replica.apply({ ...bobJoins, stateHash: 1 })).toBe("hashMismatch");
  });

  it("drops with a snapshot everything that was there before", () => {
    const replica = new Replica();
    replica.apply(snapshot);
    replica.apply(bobJoins);
    const fresh: Snapshot = {
      ...snapshot,
      epoch: 6,
      version: 1,
      stateHash: hash([bob], { title: "", listed: false }),
      fields: { viewerCount: 1, viewers: [bob], removedViewers: [] },
    };
    expect(replica.apply(fresh)).toBe("updated");
    expect(replica.state.info.title).toBe("");
    expect([...replica.state.viewers.keys()]).toEqual([2]);
  });

  it("keeps the identity of what did not change", () => {
    const replica = new Replica();
    replica.apply(snapshot);
    const { info: kept, motion } = replica.state;
    replica.apply(bobJoins);
    expect(replica.state.info).toBe(kept);
    expect(replica.state.motion).toBe(motion);
  });
});
