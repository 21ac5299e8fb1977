// The picture, and what stands in its way: nothing chosen, a dead source, a browser that wants a tap first.
import type { RoomView } from "@playhead/sdk";
import { type CSSProperties, type ReactNode, type RefObject, useEffect, useState } from "react";
import type { PlayerState } from "../hooks/use-shown-player";
import { type SyncState, syncStateOf } from "../lib/sync-words";
import { isAudio, kindNames, type SourceKind } from "../players/source";
import { FilmIcon, MutedIcon, TapIcon, VolumeIcon, WarningIcon } from "./icons";

export interface StageProps {
  view: RoomView;
  playerState: PlayerState;
  muted: boolean;
  onTogglePlay(): void;
  onUnmute(): void;
  onChangeMedia(): void;
  /** Why this viewer may not; empty when they may. */
  changeReason: string;
  /** What lies on the picture itself, wherever in the stage it is. */
  layers?: ReactNode;
}

/** Width over height of the picture; of players that do not tell, what most films have. */
function usePictureRatio(media: EventTarget | null | undefined): number {
  const [ratio, setRatio] = useState(16 / 9);
  useEffect(() => {
    const look = () => {
      const { videoWidth = 0, videoHeight = 0 } = (media ?? {}) as Partial<HTMLVideoElement>;
      setRatio(videoWidth > 0 && videoHeight > 0 ? videoWidth / videoHeight : 16 / 9);
    };
    look();
    if (!media) return;
    media.addEventListener("loadedmetadata", look);
    media.addEventListener("resize", look);
    return () => {
      media.removeEventListener("loadedmetadata", look);
      media.removeEventListener("resize", look);
    };
  }, [media]);
  return ratio;
}

/** A foreign player that has stood still for so long may be showing an advertisement with a button to skip it. */
const letThroughAfterMs = 3000;

/** True once the player has been kept from following for a while: then clicks belong to its own surface. */
function useLetThrough(state: SyncState, foreign: boolean): boolean {
  const [through, setThrough] = useState(false);
  const kept = foreign && (state === "stalled" || state === "loading");
  useEffect(() => {
    setThrough(false);
    if (!kept) return;
    const timer = setTimeout(() => setThrough(true), letThroughAfterMs);
    return () => clearTimeout(timer);
  }, [kept]);
  return through;
}

function Blocked({ playerState }: { playerState: PlayerState }) {
  const { shown } = playerState;
  const begin = (muted: boolean) => {
    if (!shown) return;
    if (muted) shown.media.muted = true;
    shown.player.unblock();
  };
  return (
    <div className="overlay" data-testid="blocked">
      <button type="button" className="tap" data-testid="unblock" onClick={() => begin(false)}>
        <TapIcon />
        Tap to join with sound
      </button>
      <button
        type="button"
        className="button button-glass"
        data-testid="unblock-muted"
        onClick={() => begin(true)}
      >
        Start muted
      </button>
      <p>
        Your browser plays nothing before you have touched the page. The others are not waiting.
      </p>
    </div>
  );
}

export function Stage({
  view,
  playerState,
  muted,
  onTogglePlay,
  onUnmute,
  onChangeMedia,
  changeReason,
  layers,
}: StageProps) {
  const { shown, failure, notice, stage, retry } = playerState;
  const { media, status } = view;
  const state = syncStateOf(shown ? view.sync : undefined, media.instance > 0);
  const ratio = usePictureRatio(shown?.media);
  const through = useLetThrough(state, shown?.foreign ?? false);
  const blocked = state === "blocked" && failure === null;
  const empty = status === "live" && media.instance === 0;
  const waiting = failure === null && (state === "loading" || state === "stalled");
  return (
    <div className="stage" data-kind={media.kind} data-through={through || undefined}>
      <div className="stage-player" ref={stage as RefObject<HTMLDivElement>} data-testid="stage" />
      {/* Clicks on the picture are for the room, not for the player below, unless that one needs them. */}
      {shown && !blocked && failure === null && !through && (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the same is on the play button and on the space key.
        // biome-ignore lint/a11y/noStaticElementInteractions: as above.
        <div className="stage-click" onClick={onTogglePlay} />
      )}
      {layers && (
        <div className="stage-layers">
          <div
            className="picture"
            data-testid="picture"
            style={{ "--ratio": ratio } as CSSProperties}
          >
            {layers}
          </div>
        </div>
      )}
      {shown?.kind === "file" && isAudio(media.url) && (
        <span className="stage-audio" aria-hidden="true">
          <VolumeIcon />
        </span>
      )}
      {waiting && <span className="stage-spinner spinner" aria-hidden="true" />}
      {blocked && <Blocked playerState={playerState} />}
      {!blocked && shown && muted && view.motion.playing && failure === null && (
        <button
          type="button"
          className="button button-glass stage-unmute"
          data-testid="unmute"
          onClick={onUnmute}
        >
          <MutedIcon />
          Sound is off
        </button>
      )}
      {notice !== null && failure === null && (
        <p className="stage-notice" role="status">
          {notice}
        </p>
      )}
      {failure !== null && (
        <div className="overlay overlay-solid" role="alert" data-testid="failure">
          <WarningIcon />
          <h2>
            This {media.kind === "file" ? "file" : kindNames[media.kind as SourceKind]} does not
            play here
          </h2>
          <p>{failure}</p>
          <p>Those who can play it are not affected.</p>
          <div className="overlay-actions">
            <button type="button" className="button" onClick={retry}>
              Try again
            </button>
            <button type="button" className="button" onClick={onChangeMedia}>
              Change the video
            </button>
          </div>
        </div>
      )}
      {empty && (
        <div className="overlay overlay-solid" data-testid="empty">
          <FilmIcon />
          <h2>Nothing to watch yet</h2>
          <p>{changeReason || "Choose a video; everyone with the link will see it."}</p>
          <button
            type="button"
            className="button button-accent"
            data-testid="choose"
            aria-disabled={changeReason !== ""}
            onClick={onChangeMedia}
          >
            Choose a video
          </button>
        </div>
      )}
    </div>
  );
}
