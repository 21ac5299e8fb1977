// Fetches the code of one kind of player when it is first needed: nobody pays for dash.js to watch an mp4.
import {
  type PlayerHooks,
  type PlayerModule,
  type ShownPlayer,
  SourceFailure,
} from "./shown-player";
import { kindNames, playableUrl, type Source, type SourceKind } from "./source";

const modules: Record<SourceKind, () => Promise<PlayerModule>> = {
  file: () => import("./file"),
  hls: () => import("./hls"),
  dash: () => import("./dash"),
  youtube: () => import("./youtube"),
  vimeo: () => import("./vimeo"),
  twitch: () => import("./twitch"),
};

/** Rejects only with a SourceFailure, whose message is for the person in front of it. */
export async function loadPlayer(
  source: Pick<Source, "url" | "kind">,
  hooks: PlayerHooks,
): Promise<ShownPlayer> {
  const url = playableUrl(source.kind, source.url);
  if (url === null) {
    throw new SourceFailure(`The room's address names nothing on ${kindNames[source.kind]}.`);
  }
  let module: PlayerModule;
  try {
    module = await modules[source.kind]();
  } catch {
    throw new SourceFailure(
      "A part of this page could not be loaded. It may have been updated: reload the page.",
    );
  }
  try {
    return await module.show({ url }, hooks);
  } catch (error) {
    if (error instanceof SourceFailure) throw error;
    throw new SourceFailure("The player could not be started in this browser.");
  }
}
