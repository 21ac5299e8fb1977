// The room's controls: everything left of the volume is for everyone, the rest for this viewer only.
import type { Room, RoomView } from "@playhead/sdk";
import type { CSSProperties, ReactNode } from "react";
import { type MediaState, showCaption } from "../hooks/use-media-state";
import type { Tell } from "../hooks/use-toasts";
import { formatRate } from "../lib/format";
import { deniedReason, notLive } from "../lib/refusals";
import type { ShownPlayer } from "../players/shown-player";
import { ActionButton } from "./action-button";
import {
  CaptionsIcon,
  FullscreenIcon,
  MutedIcon,
  PauseIcon,
  PlayIcon,
  QualityIcon,
  QuietIcon,
  ShrinkIcon,
  VolumeIcon,
} from "./icons";
import { Menu } from "./menu";
import { SeekSlider } from "./seek-slider";

export const roomRates = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] as const;

export interface ControlActions {
  playPause(): void;
  setRate(rate: number): void;
  setVolume(volume: number): void;
  toggleMuted(): void;
  toggleFullscreen(): void;
}

export interface ControlsProps {
  room: Room;
  view: RoomView;
  shown: ShownPlayer | null;
  mediaState: MediaState;
  fullscreen: boolean;
  actions: ControlActions;
  tell: Tell;
  /** On the film's line. */
  timeline?: ReactNode;
  /** Under the row of buttons. */
  bar?: ReactNode;
}

/** Why the speed cannot be changed; empty when it can. */
export function rateRefusal(shown: ShownPlayer | null): string {
  if (!shown || shown.player.capabilities.fineRate) return "";
  const steps = shown.player.capabilities.rateSteps;
  return steps.length > 0 ? "" : "This source plays at one speed only";
}

/** Why this viewer may not do something to the playhead now; empty when they may. */
export function playbackRefusal(
  room: Room,
  view: RoomView,
  what: "play" | "pause" | "seek" | "rate",
): string {
  if (view.status !== "live") return notLive(view);
  if (view.media.instance === 0) return "Nothing is loaded.";
  return deniedReason(room.may(`playback.${what}`));
}

export function Controls({
  room,
  view,
  shown,
  mediaState,
  fullscreen,
  actions,
  tell,
  timeline,
  bar,
}: ControlsProps) {
  const { playing, rate } = view.motion;
  const { volume, muted, captions, captionShown } = mediaState;
  const level = muted ? 0 : volume;
  const playLabel = playing ? "Pause for everyone" : "Play for everyone";
  const rateReason = playbackRefusal(room, view, "rate") || rateRefusal(shown);
  const quality = shown?.quality;

  return (
    <section className="controls" aria-label="Player controls">
      <SeekSlider
        room={room}
        view={view}
        shown={shown}
        disabledReason={playbackRefusal(room, view, "seek")}
      >
        {timeline}
      </SeekSlider>
      <div className="control-row">
        <ActionButton
          className="control control-main"
          testId={playing ? "pause" : "play"}
          label={playLabel}
          disabledReason={playbackRefusal(room, view, playing ? "pause" : "play")}
          tell={tell}
          onAct={actions.playPause}
        >
          {playing ? <PauseIcon /> : <PlayIcon />}
        </ActionButton>
        <Menu
          label={`Speed for everyone, now ${formatRate(rate)}`}
          testId="rate"
          face={<span className="control-text">{formatRate(rate)}</span>}
          options={() =>
            roomRates.map((value) => ({ id: String(value), label: formatRate(value) }))
          }
          selected={String(rate)}
          disabledReason={rateReason}
          onSelect={(id) => actions.setRate(Number(id))}
        />
        <span className="spacer" />
        <div className="volume">
          <button
            type="button"
            className="control"
            data-testid="mute"
            aria-label={muted ? "Unmute yourself" : "Mute yourself"}
            aria-pressed={muted}
            title={muted ? "Unmute yourself (m)" : "Mute yourself (m)"}
            disabled={!shown}
            onClick={actions.toggleMuted}
          >
            {level === 0 ? <MutedIcon /> : level < 0.5 ? <QuietIcon /> : <VolumeIcon />}
          </button>
          <input
            className="volume-slider"
            data-testid="volume"
            type="range"
            min={0}
            max={1}
            step={0.05}
            value={level}
            style={{ "--at": `${level * 100}%` } as CSSProperties}
            aria-label="Your volume"
            aria-valuetext={`${Math.round(level * 100)} percent`}
            disabled={!shown}
            onChange={(event) => actions.setVolume(Number(event.target.value))}
          />
        </div>
        {captions.length > 0 && (
          <Menu
            label="Captions"
            testId="captions"
            face={<CaptionsIcon />}
            options={() => [
              { id: "-1", label: "Off" },
              ...captions.map((track, index) => ({
                id: String(index),
                label: track.label || track.language || `Captions ${index + 1}`,
              })),
            ]}
            selected={String(captionShown)}
            onSelect={(id) => showCaption(captions, Number(id))}
          />
        )}
        {quality && quality.options().length > 1 && (
          <Menu
            label="Picture quality"
            testId="quality"
            face={<QualityIcon />}
            options={() => [{ id: "auto", label: "Automatic" }, ...quality.options()]}
            selected={quality.selected()}
            onSelect={(id) => quality.select(id)}
          />
        )}
        <button
          type="button"
          className="control"
          data-testid="fullscreen"
          aria-label={fullscreen ? "Leave fullscreen" : "Fullscreen"}
          title={fullscreen ? "Leave fullscreen (f)" : "Fullscreen (f)"}
          onClick={actions.toggleFullscreen}
        >
          {fullscreen ? <ShrinkIcon /> : <FullscreenIcon />}
        </button>
      </div>
      {bar}
    </section>
  );
}
