// A room, once it is known which: the picture, the controls, the people.
import type { CommandResult, Room } from "@playhead/sdk";
import { useEffect, useRef, useState } from "react";
import { useFullscreen } from "../hooks/use-fullscreen";
import { useIdle } from "../hooks/use-idle";
import { showCaption, useMediaState } from "../hooks/use-media-state";
import { useRoomView } from "../hooks/use-room";
import { useRoomNews } from "../hooks/use-room-news";
import { useShortcuts } from "../hooks/use-shortcuts";
import { useShownPlayer } from "../hooks/use-shown-player";
import { useToasts } from "../hooks/use-toasts";
import { deniedReason, notLive, refusalWords } from "../lib/refusals";
import { hasAny, Shown } from "../plugins/places";
import { SidePanel } from "../plugins/side-panel";
import { usePluginUis } from "../plugins/use-plugin-uis";
import { ActionButton } from "./action-button";
import { ConnectionBanner } from "./connection-banner";
import { Controls, playbackRefusal, rateRefusal, roomRates } from "./controls";
import { CopyLink } from "./copy-link";
import { FilmIcon, HelpIcon, MarkIcon } from "./icons";
import { type RoomDialog, RoomDialogs } from "./room-dialogs";
import { Stage } from "./stage";
import { SyncBadge } from "./sync-badge";
import { ThemeToggle } from "./theme-toggle";
import { Toasts } from "./toasts";
import { ViewerList } from "./viewer-list";

export interface RoomScreenProps {
  room: Room;
  /** What to pass on; empty when this viewer came in without a link. */
  link: string;
}

export function RoomScreen({ room, link }: RoomScreenProps) {
  const view = useRoomView(room);
  const frame = useRef<HTMLDivElement>(null);
  const [dialog, setDialog] = useState<RoomDialog | null>(null);
  const [toasts, tell] = useToasts();
  const playerState = useShownPlayer(room, view.media);
  const { shown } = playerState;
  const mediaState = useMediaState(shown);
  const [fullscreen, toggleFullscreen] = useFullscreen(frame);
  const idle = useIdle(frame, fullscreen && view.motion.playing);
  const running = usePluginUis(view, tell);
  useRoomNews(room, tell, !running.some(({ ui }) => ui.tellsComings));
  const place = { room, view, tell, running };

  const title = view.info.title || "Room";
  useEffect(() => {
    document.title = `${title} · Playhead`;
  }, [title]);

  const usable = view.status === "live" && view.media.instance > 0;
  const loadReason = notLive(view) || deniedReason(room.may("playback.load"));
  const changeMedia = () => (loadReason ? tell(loadReason) : setDialog("media"));
  const report = (what: string, answer: Promise<CommandResult>) => {
    void answer.then((result) => {
      if (result.verdict === "superseded") tell("Someone else acted a moment later: theirs holds");
      else if (result.reason === "put_to_vote") tell("Put to the vote: the others are asked");
      else if (result.verdict === "refused")
        tell(`Could not ${what}: ${refusalWords(result)}`, "bad");
    });
  };
  /** False, with the reason told, when the room's rules forbid it; nothing is said where there is nothing to play. */
  const mayDo = (what: "play" | "pause" | "seek" | "rate"): boolean => {
    if (!usable) return false;
    const reason = playbackRefusal(room, view, what);
    if (reason) tell(reason);
    return reason === "";
  };
  const seek = (positionMs: number) => {
    const { durationMs } = view.media;
    const toMs = Math.max(0, durationMs > 0 ? Math.min(positionMs, durationMs) : positionMs);
    if (mayDo("seek")) report("seek", room.seek(toMs));
  };
  const actions = {
    playPause() {
      const { playing } = room.view.motion;
      // A click is the gesture that a browser asks for before it plays sound.
      if (usable && !playing && view.sync?.blocked) shown?.player.unblock();
      if (!mayDo(playing ? "pause" : "play")) return;
      if (playing) report("pause", room.pause());
      else report("play", room.play());
    },
    setRate(rate: number) {
      if (mayDo("rate")) report("change the speed", room.setRate(rate));
    },
    setVolume(volume: number) {
      if (!shown) return;
      shown.media.volume = Math.min(1, Math.max(0, volume));
      shown.media.muted = volume <= 0;
    },
    toggleMuted() {
      if (!shown) return;
      shown.media.muted = !shown.media.muted;
      if (!shown.media.muted && shown.media.volume === 0) shown.media.volume = 0.5;
    },
    toggleFullscreen,
  };
  useShortcuts({
    playPause: actions.playPause,
    skip: (deltaMs) => seek(room.positionMs() + deltaMs),
    volume: (delta) => actions.setVolume((mediaState.muted ? 0 : mediaState.volume) + delta),
    mute: actions.toggleMuted,
    fullscreen: toggleFullscreen,
    captions: () => showCaption(mediaState.captions, mediaState.captionShown >= 0 ? -1 : 0),
    help: () => setDialog("help"),
    rate: (direction) => {
      const refusal = rateRefusal(shown);
      if (refusal) {
        tell(refusal, "bad");
        return;
      }
      const at = roomRates.findIndex((rate) => rate >= view.motion.rate);
      const next = roomRates[Math.min(roomRates.length - 1, Math.max(0, at + direction))];
      if (next !== undefined && next !== view.motion.rate) actions.setRate(next);
    },
    jump: (fraction) => {
      if (view.media.durationMs > 0) seek(fraction * view.media.durationMs);
    },
  });

  return (
    <div className="room" data-testid="room" data-status={view.status}>
      <header className="top">
        <a className="home" href="/" aria-label="Playhead, start page">
          <MarkIcon />
        </a>
        <h1 className="room-title" title={title}>
          <bdi data-testid="room-title">{title}</bdi>
        </h1>
        <SyncBadge view={view} shown={shown} failed={playerState.failure !== null} />
        <span className="top-actions">
          <CopyLink
            link={link}
            onFailure={() => tell(`Copy it from the address bar: ${link}`, "bad")}
          />
          <ActionButton
            className="control"
            label="Change the video"
            testId="change-media"
            disabledReason={loadReason}
            tell={tell}
            onAct={changeMedia}
          >
            <FilmIcon />
          </ActionButton>
          <button
            type="button"
            className="control control-keys"
            aria-label="Keyboard shortcuts"
            title="Keyboard shortcuts (?)"
            data-testid="help"
            onClick={() => setDialog("help")}
          >
            <HelpIcon />
          </button>
          <ThemeToggle />
        </span>
      </header>
      <ConnectionBanner room={room} view={view} />
      <Shown at="Banner" {...place} />
      <Shown at="News" {...place} />
      <main className="room-main">
        <div
          className={idle ? "frame frame-idle" : "frame"}
          ref={frame}
          data-fullscreen={fullscreen || undefined}
        >
          <Stage
            view={view}
            playerState={playerState}
            muted={mediaState.muted}
            onTogglePlay={actions.playPause}
            onUnmute={actions.toggleMuted}
            onChangeMedia={changeMedia}
            changeReason={loadReason}
            layers={hasAny(running, "Layer") && <Shown at="Layer" {...place} />}
          />
          <Controls
            room={room}
            view={view}
            shown={shown}
            mediaState={mediaState}
            fullscreen={fullscreen}
            actions={actions}
            tell={tell}
            timeline={<Shown at="Timeline" {...place} />}
            bar={<Shown at="Bar" {...place} />}
          />
        </div>
        <aside className="side">
          {view.media.title && (
            <section className="now" aria-label="Now showing">
              <h2>Now showing</h2>
              <p>
                <bdi data-testid="media-title">{view.media.title}</bdi>
              </p>
            </section>
          )}
          <SidePanel {...place}>
            <ViewerList {...place} onRename={() => setDialog("name")} />
          </SidePanel>
        </aside>
      </main>
      <Toasts toasts={toasts} />
      <RoomDialogs open={dialog} room={room} tell={tell} onClose={() => setDialog(null)} />
    </div>
  );
}
