// Who is here and how far off. Names come from strangers: they are only ever rendered as text.
import type { ViewerView } from "@playhead/sdk";
import type { CSSProperties } from "react";
import { countOf, formatDelay, formatDrift, formatDuration } from "../lib/format";
import { viewerStatus } from "../lib/sync-words";
import { type Place, Shown, ViewerTags, viewerActions } from "../plugins/places";
import { CrownIcon, PencilIcon } from "./icons";
import { ViewerMenu } from "./viewer-menu";

function ViewerRow({
  viewer,
  place,
  onRename,
}: {
  viewer: ViewerView;
  place: Place;
  onRename(): void;
}) {
  const me = viewer.id === place.view.me;
  const status = viewerStatus(viewer, place.view.media.instance > 0);
  const hasActions = place.running.some(({ ui }) => ui.viewerActions !== undefined);
  return (
    <li
      className="viewer"
      data-testid="viewer"
      data-viewer={viewer.id}
      data-me={me || undefined}
      style={{ "--hue": viewer.hue } as CSSProperties}
    >
      <span className="viewer-dot" aria-hidden="true">
        {[...viewer.name][0]?.toUpperCase()}
      </span>
      <span className="viewer-who">
        <bdi className="viewer-name" data-testid="viewer-name" title={viewer.name}>
          {viewer.name}
        </bdi>
        {me && <span className="tag">you</span>}
        {viewer.owner && (
          <span className="tag tag-owner" title="Made this room">
            <CrownIcon />
            <span className="visually-hidden">owner</span>
          </span>
        )}
        <ViewerTags {...place} viewer={viewer} />
      </span>
      <span className="viewer-actions">
        {me && (
          <button
            type="button"
            className="control control-small"
            aria-label="Change your name"
            title="Change your name"
            data-testid="rename"
            onClick={onRename}
          >
            <PencilIcon />
          </button>
        )}
        {hasActions && <ViewerMenu viewer={viewer} actions={() => viewerActions(place, viewer)} />}
      </span>
      <span className="viewer-figures">
        {status.label ? (
          <span className={`viewer-status tone-${status.tone}`} title={status.why}>
            {status.label}
            <span className="visually-hidden">: {status.why}</span>
          </span>
        ) : (
          <span
            className="viewer-drift"
            data-testid="viewer-drift"
            title="How far ahead (+) or behind (−) the room"
          >
            {viewer.driftMs === undefined ? "" : formatDrift(viewer.driftMs)}
          </span>
        )}
        <span className="viewer-delay" title="One-way delay to the server">
          {viewer.delayMs === undefined ? "" : formatDelay(viewer.delayMs)}
        </span>
      </span>
    </li>
  );
}

export function ViewerList({ onRename, ...place }: Place & { onRename(): void }) {
  const { viewers, viewerCount, distribution, me } = place.view;
  const own = viewers.filter(({ id }) => id === me);
  const others = viewers.filter(({ id }) => id !== me);
  const unlisted = viewerCount - viewers.length;
  return (
    <section className="viewers" aria-label="Viewers">
      <h2>
        {countOf(viewerCount, "viewer")}
        <span className="viewers-legend" aria-hidden="true">
          drift · delay
        </span>
      </h2>
      <ul data-testid="viewers">
        {[...own, ...others].map((viewer) => (
          <ViewerRow key={viewer.id} viewer={viewer} place={place} onRename={onRename} />
        ))}
      </ul>
      {unlisted > 0 && <p className="muted">and {countOf(unlisted, "more viewer")}</p>}
      <Shown at="People" {...place} />
      {distribution && (
        <p className="muted">
          Half of the room is within {formatDuration(distribution.p50Ms)}, 95 % within{" "}
          {formatDuration(distribution.p95Ms)}.
          {distribution.stalled > 0 && ` ${countOf(distribution.stalled, "viewer")} buffering.`}
        </p>
      )}
    </section>
  );
}
