import type { RoomView } from "@playhead/sdk";
import { ownSync, syncStateOf } from "../lib/sync-words";
import type { ShownPlayer } from "../players/shown-player";

export interface SyncBadgeProps {
  view: RoomView;
  shown: ShownPlayer | null;
  failed: boolean;
}

/** How well this viewer's own player follows the room. */
export function SyncBadge({ view, shown, failed }: SyncBadgeProps) {
  const live = view.status === "live";
  const state = failed
    ? "failed"
    : syncStateOf(shown ? view.sync : undefined, view.media.instance > 0);
  const words = ownSync(state, view.sync?.errorMs, view.clock, shown?.inexactReason ?? "");
  const { tone, label, detail } = live
    ? words
    : ({ tone: "idle", label: "Offline", detail: "Not connected" } as const);
  return (
    <span
      className={`badge tone-${tone}`}
      data-testid="sync-badge"
      data-state={live ? state : "offline"}
      title={detail}
    >
      <span className="badge-dot" aria-hidden="true" />
      {label}
      <span className="visually-hidden">. {detail}</span>
    </span>
  );
}
