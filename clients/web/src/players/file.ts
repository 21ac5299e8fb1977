// Plain files, by the browser's own <video>.
import { mediaErrorReason } from "./failures";
import { makePlayer, nativeCapabilities } from "./native";
import type { PlayerHooks, ShownPlayer } from "./shown-player";
import { isAudio, type Source } from "./source";

/** Codecs that decode in part show no picture and raise no error (HEVC plays sound only, for one). */
const pictureWaitMs = 4000;

export async function show(source: Pick<Source, "url">, hooks: PlayerHooks): Promise<ShownPlayer> {
  const media = document.createElement("video");
  media.playsInline = true;
  media.preload = "auto";
  const player = makePlayer(media, nativeCapabilities({ quality: false }));
  media.addEventListener("error", () => hooks.onFailure(mediaErrorReason(media.error, source.url)));
  hooks.mount(media);
  media.src = source.url;
  let timer: ReturnType<typeof setTimeout> | undefined;
  media.addEventListener(
    "playing",
    () => {
      timer = setTimeout(() => {
        if (media.videoWidth > 0 || isAudio(source.url)) return;
        hooks.onNotice("Only sound: this browser cannot decode the picture, or there is none.");
      }, pictureWaitMs);
    },
    { once: true },
  );
  return {
    kind: "file",
    media,
    player,
    capabilities: player.capabilities,
    quality: undefined,
    foreign: false,
    inexactReason: "",
    dispose() {
      clearTimeout(timer);
      player.dispose();
      media.removeAttribute("src");
      media.load();
      media.remove();
    },
  };
}
