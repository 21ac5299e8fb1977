// Twitch, by its embedded player inside <twitch-video>.
//
// It has no playback rate: writing one only makes a plain property that then lies, so that it is made to read 1 and
// ignore writes. Its play() says nothing, and its position moves about once a second.
import TwitchVideoElement from "twitch-video-element";
import { eventWithin, patch, patchReadyState, started } from "./foreign";
import { makeForeignPlayer } from "./native";
import type { MediaLike, PlayerHooks, ShownPlayer } from "./shown-player";
import type { Source } from "./source";

const readyWaitMs = 20_000;

export async function show(source: Pick<Source, "url">, hooks: PlayerHooks): Promise<ShownPlayer> {
  const media = new TwitchVideoElement() as unknown as MediaLike;
  patch(media, "playbackRate", { get: () => 1, set: () => undefined });
  const play = media.play.bind(media);
  patch(media, "play", {
    value: async () => {
      const begun = started(media, ["playing", "waiting", "timeupdate"]);
      play();
      await begun;
    },
  });
  media.setAttribute("playsinline", "");
  const live = !/\/videos\/\d+$/.test(source.url);
  patchReadyState(media);
  const player = makeForeignPlayer(media, {
    fineRate: false,
    rateSteps: [],
    clockResolutionMs: 1000,
    waiting: false,
    quality: false,
    captions: false,
  });
  let disposed = false;
  eventWithin(media, "loadedmetadata", readyWaitMs).catch(() => {
    if (!disposed) {
      hooks.onFailure(
        "Twitch's player could not be loaded: it is unreachable from here, blocked by an extension, or the video is gone.",
      );
    }
  });
  hooks.mount(media);
  media.src = source.url;
  return {
    kind: "twitch",
    media,
    player,
    capabilities: player.capabilities,
    quality: undefined,
    foreign: true,
    inexactReason: live
      ? "A live channel has no common position."
      : "Twitch has no fine speeds and tells its position about once a second.",
    dispose() {
      disposed = true;
      player.dispose();
      // An element without a source takes its message listener off the window.
      media.removeAttribute("src");
      media.remove();
    },
  };
}
