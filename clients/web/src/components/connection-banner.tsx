// What the connection is doing, when it is not simply there.
import type { Room, RoomView } from "@playhead/sdk";
import { useEffect, useState } from "react";
import { adviceOn } from "../lib/problems";
import { WarningIcon } from "./icons";

function secondsUntil(atMs: number | undefined): number {
  return atMs === undefined ? 0 : Math.max(0, Math.ceil((atMs - performance.now()) / 1000));
}

function useCountdown(atMs: number | undefined): number {
  const [seconds, setSeconds] = useState(() => secondsUntil(atMs));
  useEffect(() => {
    setSeconds(secondsUntil(atMs));
    if (atMs === undefined) return;
    const timer = setInterval(() => setSeconds(secondsUntil(atMs)), 250);
    return () => clearInterval(timer);
  }, [atMs]);
  return seconds;
}

export function ConnectionBanner({ room, view }: { room: Room; view: RoomView }) {
  const { status, problem } = view;
  const seconds = useCountdown(problem?.retryAtMs);
  if (status === "live") return null;
  if (status === "connecting" || status === "joining") {
    return (
      <div className="banner" role="status" data-testid="status" data-status={status}>
        <span className="spinner" aria-hidden="true" />
        {status === "connecting" ? "Connecting…" : "Joining the room…"}
      </div>
    );
  }
  const advice = adviceOn(problem?.code ?? "unreachable", problem?.message ?? "");
  if (status === "reconnecting") {
    return (
      <div className="banner banner-warn" role="status" data-testid="status" data-status={status}>
        <span className="spinner" aria-hidden="true" />
        <span>
          <strong>{advice.headline}</strong>{" "}
          {seconds > 0 ? (
            <span aria-live="off">Trying again in {seconds} s.</span>
          ) : (
            <span>Reconnecting…</span>
          )}
        </span>
        <button type="button" className="button button-small" onClick={() => room.retry()}>
          Try now
        </button>
      </div>
    );
  }
  return (
    <div className="banner banner-bad" role="alert" data-testid="status" data-status={status}>
      <WarningIcon />
      <span>
        <strong>{advice.headline}</strong> {advice.help}
      </span>
      {advice.action === "retry" && (
        <button type="button" className="button button-small" onClick={() => room.retry()}>
          Come back
        </button>
      )}
      {advice.action === "reload" && (
        <button type="button" className="button button-small" onClick={() => location.reload()}>
          Reload
        </button>
      )}
      {advice.action === "home" && (
        <a className="button button-small" href="/">
          Start page
        </a>
      )}
    </div>
  );
}
