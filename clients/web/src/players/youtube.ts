// YouTube, by its IFrame API inside <youtube-video>.
//
// What that player cannot do, and what is done about it here: it knows only coarse rates (the sync loop seeks
// instead); it has no `waiting` event (made from its BUFFERING state); a refused autoplay is silent (play() is
// made to reject); advertisements play as if they were the video, whose position stands still meanwhile, which the
// sync loop sees as a stall. The element guesses `seeking` from jumps of the position between two timers, which a busy
// page makes too: only those that follow a seek of ours are believed, since our controls are the only ones shown.
import YoutubeVideoElement from "youtube-video-element";
import { youtubeErrorReason } from "./failures";
import { eventWithin, loadScript, patch, patchReadyState, started } from "./foreign";
import { makeForeignPlayer } from "./native";
import { type MediaLike, type PlayerHooks, type ShownPlayer, SourceFailure } from "./shown-player";
import type { Source } from "./source";

const apiUrl = "https://www.youtube.com/iframe_api";
const scriptWaitMs = 15_000;
const readyWaitMs = 20_000;
/** The steps YouTube documents for getAvailablePlaybackRates; refined by asking once the player is there. */
const documentedRates = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] as const;
/** YT.PlayerState */
const state = { ended: 0, buffering: 3 } as const;
/** A `seeking` event this long after our own seek belongs to it. */
const ownSeekMs = 3000;

interface YoutubeApi {
  getAvailablePlaybackRates?(): number[];
  getPlayerState?(): number;
  addEventListener(name: "onStateChange", listener: (event: { data: number }) => void): void;
  destroy?(): void;
}

interface YoutubeMedia extends MediaLike {
  api: YoutubeApi | null;
  config: Record<string, unknown>;
}

declare global {
  interface Window {
    YT?: { loaded?: number; Player?: unknown };
    onYouTubeIframeAPIReady?: () => void;
  }
}

let apiReady: Promise<void> | undefined;

/** Loads the API before the element would: its own loader keeps a failure for ever and tells nobody. */
function loadApi(): Promise<void> {
  apiReady ??= new Promise<void>((resolve, reject) => {
    if (window.YT?.Player) {
      resolve();
      return;
    }
    const timer = setTimeout(
      () => reject(new Error("the IFrame API did not get ready")),
      scriptWaitMs,
    );
    window.onYouTubeIframeAPIReady = () => {
      clearTimeout(timer);
      resolve();
    };
    loadScript(apiUrl, scriptWaitMs).catch((error: unknown) => {
      clearTimeout(timer);
      reject(error);
    });
  }).catch((error: unknown) => {
    apiReady = undefined;
    throw error;
  });
  return apiReady;
}

export async function show(source: Pick<Source, "url">, hooks: PlayerHooks): Promise<ShownPlayer> {
  try {
    await loadApi();
  } catch {
    throw new SourceFailure(
      "YouTube's player could not be loaded: youtube.com is unreachable from here, or blocked by an extension.",
    );
  }
  const media = new YoutubeVideoElement() as unknown as YoutubeMedia;
  // Captions off unless the viewer asks; a referrer, without which YouTube answers error 153.
  media.config = {
    cc_load_policy: 0,
    fs: 0,
    disablekb: 1,
    origin: location.origin,
    referrerpolicy: "strict-origin-when-cross-origin",
  };
  media.setAttribute("playsinline", "");
  const play = media.play.bind(media);
  patch(media, "play", {
    value: async () => {
      const begun = started(media, ["playing", "waiting"]);
      // The element's own promise waits for `playing`, for ever if it never comes.
      void Promise.resolve(play()).catch(() => undefined);
      await begun;
    },
  });
  patch(media, "ended", { get: () => media.api?.getPlayerState?.() === state.ended });
  const position = Object.getOwnPropertyDescriptor(YoutubeVideoElement.prototype, "currentTime");
  let seekSentAtMs = Number.NEGATIVE_INFINITY;
  patch(media, "currentTime", {
    get: () => position?.get?.call(media) as number,
    set: (seconds: number) => {
      seekSentAtMs = performance.now();
      position?.set?.call(media, seconds);
    },
  });
  media.addEventListener("seeking", (event) => {
    if (performance.now() - seekSentAtMs > ownSeekMs) event.stopImmediatePropagation();
  });
  patchReadyState(media);
  const player = makeForeignPlayer(media, {
    fineRate: false,
    rateSteps: documentedRates,
    clockResolutionMs: 20,
    waiting: true,
    quality: false,
    captions: true,
  });
  media.addEventListener("error", () =>
    hooks.onFailure(youtubeErrorReason(media.error?.code ?? 0)),
  );
  media.addEventListener("loadedmetadata", () => {
    const rates = media.api?.getAvailablePlaybackRates?.();
    if (rates && rates.length > 0) player.refineCapabilities({ rateSteps: rates });
    media.api?.addEventListener("onStateChange", ({ data }) => {
      if (data === state.buffering) media.dispatchEvent(new Event("waiting"));
    });
  });
  let disposed = false;
  eventWithin(media, "loadedmetadata", readyWaitMs).catch(() => {
    if (!disposed && !media.error) hooks.onFailure("YouTube's player did not get ready.");
  });
  hooks.mount(media);
  media.src = source.url;
  return {
    kind: "youtube",
    media,
    player,
    get capabilities() {
      return player.capabilities;
    },
    quality: undefined,
    foreign: true,
    inexactReason: "YouTube allows only coarse speeds, so small differences stay.",
    dispose() {
      disposed = true;
      player.dispose();
      media.api?.destroy?.();
      media.remove();
    },
  };
}
