// How being in step is put into words: one short label, one sentence that explains it.
import type { ClockView, SyncStatus, ViewerView } from "@playhead/sdk";
import { formatDrift, formatDuration } from "./format";

export type Tone = "good" | "busy" | "bad" | "idle";

export interface SyncWords {
  tone: Tone;
  label: string;
  detail: string;
}

function clockDetail(clock: ClockView | undefined): string {
  if (!clock) return "";
  return ` Clock known to ±${formatDuration(clock.errorBoundMs)}; ${formatDuration(clock.rttMs)} to the server and back.`;
}

export type SyncState =
  | "idle"
  | "failed"
  | "loading"
  | "blocked"
  | "starting"
  | "stalled"
  | "correcting"
  | "synced"
  | "paused"
  | "ended"
  | "inexact";

/** Paused this close is the same picture: half a frame at 30 a second. Unit: ms. */
const sameFrameMs = 17;

/** The sync loop's phase as a viewer understands it. */
export function syncStateOf(sync: SyncStatus | undefined, hasMedia: boolean): SyncState {
  if (!hasMedia) return "idle";
  if (!sync) return "loading";
  if (sync.blocked || sync.phase === "blocked") return "blocked";
  // One that knows nothing of its media yet is loading to its viewer, and stalled to a room that waits for it.
  if ((sync.stalled && sync.phase !== "idle") || sync.phase === "stalled") return "stalled";
  switch (sync.phase) {
    case "idle":
      return sync.durationMs === undefined ? "loading" : "correcting";
    case "held":
      return sync.errorMs === undefined || Math.abs(sync.errorMs) <= sameFrameMs || sync.inexact
        ? "paused"
        : "correcting";
    case "priming":
    case "starting":
      return "starting";
    case "correcting":
      return sync.inexact ? "inexact" : "correcting";
    case "ended":
      return "ended";
    default:
      return sync.inexact ? "inexact" : "synced";
  }
}

export function ownSync(
  state: SyncState,
  errorMs: number | undefined,
  clock: ClockView | undefined,
  inexactReason: string,
): SyncWords {
  const size = errorMs === undefined ? "" : `±${formatDuration(Math.abs(errorMs))}`;
  switch (state) {
    case "synced":
      return {
        tone: "good",
        label: size ? `In step ${size}` : "In step",
        detail: `You are in the room's frame.${clockDetail(clock)}`,
      };
    case "paused":
      return {
        tone: "good",
        label: "In step, paused",
        detail: `You see the picture that everyone sees.${clockDetail(clock)}`,
      };
    case "ended":
      return { tone: "good", label: "The end", detail: "The video is over." };
    case "correcting":
      return {
        tone: "busy",
        label: errorMs === undefined ? "Correcting" : `Correcting ${formatDrift(errorMs)}`,
        detail: `Your player is being brought into step.${clockDetail(clock)}`,
      };
    case "starting":
      return { tone: "busy", label: "Starting", detail: "Everyone starts at the same instant." };
    case "loading":
      return { tone: "busy", label: "Loading", detail: "Your player is loading the video." };
    case "stalled":
      return {
        tone: "bad",
        label: "Stalled",
        detail:
          "Your player has run out of data, or shows an advertisement. It catches up by itself; the others go on.",
      };
    case "blocked":
      return {
        tone: "bad",
        label: "Needs a tap",
        detail: "Your browser plays sound only after you have tapped the page.",
      };
    case "inexact":
      return {
        tone: "busy",
        label: size ? `Not exact ${size}` : "Not exact",
        detail: `${inexactReason || "This player cannot be steered finely."} It is brought back when it strays.`,
      };
    case "failed":
      return { tone: "bad", label: "Not playing", detail: "Your player cannot play this source." };
    case "idle":
      return { tone: "idle", label: "Idle", detail: "There is nothing to be in step with." };
  }
}

export interface ViewerWords {
  tone: Tone;
  /** Short; empty when all is well. */
  label: string;
  why: string;
}

export function viewerStatus(viewer: ViewerView, hasMedia = true): ViewerWords {
  if (!viewer.connected) {
    return {
      tone: "bad",
      label: "reconnecting",
      why: "The connection was lost; the place is kept for a while.",
    };
  }
  if (viewer.blocked) {
    return { tone: "bad", label: "needs a tap", why: "The browser has not allowed playing yet." };
  }
  if (viewer.stalled) {
    return {
      tone: "bad",
      label: "buffering",
      why: "Out of data, or an advertisement plays. Nobody else waits.",
    };
  }
  if (viewer.away && hasMedia) {
    return {
      tone: "idle",
      label: "away",
      why: "The page is in the background, or its player does not run.",
    };
  }
  if (viewer.inexact) {
    return {
      tone: "busy",
      label: "not exact",
      why: "This viewer's player cannot be steered finely.",
    };
  }
  return { tone: "good", label: "", why: "" };
}
