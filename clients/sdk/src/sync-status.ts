/** How the attached player is doing against the room's playhead. */
export interface SyncStatus {
  /** idle: no player or no media; blocked: the browser wants a gesture first. */
  readonly state:
    | "idle"
    | "loading"
    | "blocked"
    | "starting"
    | "stalled"
    | "correcting"
    | "synced"
    | "inexact";
  /** Own position minus the room's: positive is ahead. Undefined while it cannot be told. */
  readonly driftMs?: number;
  readonly bufferMs?: number;
}
