// Vimeo, by its player.js inside <vimeo-video>. Its clock moves a few times a second, so that step is coarse;
// whether rates are allowed depends on the plan of the video's owner, so it is tried.
import VimeoVideoElement from "vimeo-video-element";
import { eventWithin, patchReadyState } from "./foreign";
import { makeForeignPlayer } from "./native";
import type { MediaLike, PlayerHooks, ShownPlayer } from "./shown-player";
import type { Source } from "./source";

const readyWaitMs = 20_000;

interface VimeoApi {
  getPlaybackRate(): Promise<number>;
  setPlaybackRate(rate: number): Promise<number>;
  ready(): Promise<void>;
  on(
    name: "error",
    listener: (error: { name?: string; message?: string; method?: string }) => void,
  ): void;
}
interface VimeoMedia extends MediaLike {
  api: VimeoApi | null;
  config: Record<string, unknown>;
}

function vimeoErrorReason(name: string | undefined, message: string | undefined): string {
  switch (name) {
    case "NotFoundError":
      return "Vimeo has no such video, or its link needs the part after the number.";
    case "PrivacyError":
      return "The owner of this Vimeo video does not allow it to be played on other pages.";
    case "PasswordError":
      return "This Vimeo video is protected by a password.";
    default:
      return `Vimeo's player failed: ${message ?? name ?? "no reason given"}.`;
  }
}

/** What the player does with a rate it may not allow: any, only the menu's steps, or none. */
async function probeRates(
  api: VimeoApi,
): Promise<{ fineRate: boolean; rateSteps: readonly number[] }> {
  const obeyed = async (rate: number): Promise<boolean> => {
    try {
      await api.setPlaybackRate(rate);
      return Math.abs((await api.getPlaybackRate()) - rate) < 1e-6;
    } catch {
      return false;
    }
  };
  const steps: number[] = [];
  for (const rate of [0.5, 0.75, 1.25, 1.5, 2]) if (await obeyed(rate)) steps.push(rate);
  await obeyed(1);
  // Even where any rate is obeyed its clock is too coarse to steer by: the steps serve the viewers, not the sync loop.
  return {
    fineRate: false,
    rateSteps: steps.length > 0 ? [...steps, 1].sort((a, b) => a - b) : [],
  };
}

export async function show(source: Pick<Source, "url">, hooks: PlayerHooks): Promise<ShownPlayer> {
  const media = new VimeoVideoElement() as unknown as VimeoMedia;
  media.config = { dnt: true, keyboard: false, referrerpolicy: "strict-origin-when-cross-origin" };
  media.setAttribute("playsinline", "");
  patchReadyState(media);
  const player = makeForeignPlayer(media, {
    fineRate: false,
    rateSteps: [],
    clockResolutionMs: 250,
    waiting: true,
    quality: false,
    captions: true,
  });
  let disposed = false;
  let failed = false;
  const fail = (reason: string) => {
    if (disposed || failed) return;
    failed = true;
    hooks.onFailure(reason);
  };
  media.addEventListener("loadstart", () => {
    queueMicrotask(() => {
      const api = media.api;
      if (!api) return;
      api
        .ready()
        .catch((error: { name?: string; message?: string }) =>
          fail(vimeoErrorReason(error.name, error.message)),
        );
      api.on("error", ({ name, message, method }) => {
        // Refused rates and seeks are answered to the one who asked.
        if (!method) fail(vimeoErrorReason(name, message));
      });
    });
  });
  media.addEventListener(
    "loadcomplete",
    () => {
      if (media.api) {
        void probeRates(media.api).then((rates) => {
          if (!disposed) player.refineCapabilities(rates);
        });
      }
    },
    { once: true },
  );
  eventWithin(media, "loadedmetadata", readyWaitMs).catch(() =>
    fail(
      "Vimeo's player could not be loaded: it is unreachable from here, or blocked by an extension.",
    ),
  );
  hooks.mount(media);
  media.src = source.url;
  return {
    kind: "vimeo",
    media,
    player,
    get capabilities() {
      return player.capabilities;
    },
    quality: undefined,
    foreign: true,
    inexactReason: "Vimeo tells its position only a few times a second.",
    dispose() {
      disposed = true;
      player.dispose();
      media.remove();
    },
  };
}
