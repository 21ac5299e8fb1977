import { useEffect, useReducer } from "react";
import type { ShownPlayer } from "../players/shown-player";

const events = ["volumechange", "loadedmetadata", "durationchange", "emptied", "canplay"] as const;
const trackEvents = ["addtrack", "removetrack", "change"] as const;

export interface MediaState {
  volume: number;
  muted: boolean;
  /** Only those a viewer would choose: subtitles and captions. */
  captions: readonly TextTrack[];
  /** Index into `captions`, -1 = off. */
  captionShown: number;
}

/** What this viewer's own player is set to; nothing of it is the room's. */
export function useMediaState(shown: ShownPlayer | null): MediaState {
  const [, refresh] = useReducer((count: number) => count + 1, 0);
  const tracks = shown?.media.textTracks;
  useEffect(() => {
    if (!shown) return;
    const { media } = shown;
    for (const name of events) media.addEventListener(name, refresh);
    return () => {
      for (const name of events) media.removeEventListener(name, refresh);
    };
  }, [shown]);
  useEffect(() => {
    if (!tracks) return;
    for (const name of trackEvents) tracks.addEventListener(name, refresh);
    return () => {
      for (const name of trackEvents) tracks.removeEventListener(name, refresh);
    };
  }, [tracks]);
  const captions = [...(tracks ?? [])].filter(
    ({ kind }) => kind === "subtitles" || kind === "captions",
  );
  return {
    volume: shown?.media.volume ?? 1,
    muted: shown?.media.muted ?? false,
    captions,
    captionShown: captions.findIndex(({ mode }) => mode === "showing"),
  };
}

export function showCaption(captions: readonly TextTrack[], index: number): void {
  for (const [at, track] of captions.entries()) track.mode = at === index ? "showing" : "disabled";
}
