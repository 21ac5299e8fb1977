import type { MediaView, Room } from "@playhead/sdk";
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { readText, writeText } from "../lib/storage";
import { loadPlayer } from "../players/load-player";
import type { MediaLike, ShownPlayer } from "../players/shown-player";
import { sidecarCaptions } from "../players/sidecar-captions";
import type { SourceKind } from "../players/source";

export interface PlayerState {
  /** Where the player's element goes. */
  stage: RefObject<HTMLDivElement | null>;
  shown: ShownPlayer | null;
  /** Why this viewer cannot play the source; null while it can. */
  failure: string | null;
  /** What is not quite right while it plays; null when nothing is. */
  notice: string | null;
  retry(): void;
}

declare global {
  interface Window {
    /** For diagnosis and for tests: the room, and the player that follows it. Not an interface to build on. */
    playhead?: { room: Room; player: ShownPlayer["player"] | null; media: MediaLike | null };
  }
}

function restoreVolume(media: MediaLike): () => void {
  const volume = Number(readText("volume") ?? "1");
  if (volume >= 0 && volume <= 1) media.volume = volume;
  media.muted = readText("muted") === "yes";
  const remember = () => {
    writeText("volume", String(media.volume));
    writeText("muted", media.muted ? "yes" : "no");
  };
  media.addEventListener("volumechange", remember);
  return () => media.removeEventListener("volumechange", remember);
}

/** Shows the room's media: loads the right player, puts it on the stage and lets the SDK keep it in step. */
export function useShownPlayer(room: Room, media: MediaView): PlayerState {
  const stage = useRef<HTMLDivElement | null>(null);
  const [shown, setShown] = useState<ShownPlayer | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const { instance, kind, url } = media;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new instance or attempt loads the same address anew.
  useEffect(() => {
    setFailure(null);
    setNotice(null);
    setShown(null);
    window.playhead = { room, player: null, media: null };
    if (kind === "none" || url === "") return;
    let over = false;
    let dead = false;
    let detach = () => {};
    let release = () => {};
    const mounted: HTMLElement[] = [];
    const hooks = {
      mount(element: HTMLElement) {
        if (over) return;
        element.classList.add("player");
        mounted.push(element);
        stage.current?.append(element);
      },
      onFailure(reason: string) {
        if (over) return;
        dead = true;
        setFailure((earlier) => earlier ?? reason);
        // A player that cannot follow is no viewer: the others see this one as away.
        detach();
      },
      onNotice(text: string) {
        if (!over) setNotice(text);
      },
    };
    loadPlayer({ kind: kind as SourceKind, url }, hooks).then(
      (player) => {
        if (over) {
          player.dispose();
          return;
        }
        const forget = restoreVolume(player.media);
        const captions = sidecarCaptions(player, url);
        if (!dead) detach = room.attachPlayer(player.player);
        release = () => {
          captions.abort();
          forget();
          detach();
          player.dispose();
        };
        window.playhead = { room, player: player.player, media: player.media };
        setShown(player);
      },
      (error: Error) => hooks.onFailure(error.message),
    );
    return () => {
      over = true;
      release();
      for (const element of mounted) element.remove();
    };
  }, [room, instance, kind, url, attempt]);

  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  return { stage, shown, failure, notice, retry };
}
